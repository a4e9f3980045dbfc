"""A simulated desk phone over real sockets: registers, calls, is called, holds, transfers, and keeps a ladder of all it saw.

Each phone is one thread that reads its sockets; whoever drives it calls methods and waits, always with a deadline. It shares no
code with Parkway, so that a mistake of one is not repeated in the other."""
import os, re, select, socket, threading, time
from collections import deque

from audio import Audio
from call import Call
from line import LINES
from message import COMPACT, Message, challenges, credentials, uri_of
from subscription import Subscription

T1, T2 = 0.5, 4.0                                               # RFC 3261 §17.1.1.1
TRACE_MAX = 400                                                 # messages remembered
COPIED = ('via', 'from', 'to', 'call-id', 'cseq', 'record-route')
REASONS = {100: 'Trying', 180: 'Ringing', 183: 'Session Progress', 200: 'OK', 202: 'Accepted', 480: 'Temporarily Unavailable',
           486: 'Busy Here', 487: 'Request Terminated', 488: 'Not Acceptable Here', 603: 'Decline'}


class Silence(AssertionError):
    """Something that was waited for did not happen."""


class Asked:
    """A request and what came back. A challenge is answered by the phone; `message` is the request that was sent last."""

    def __init__(self, message, call):
        self.message, self.call, self.answers, self.final, self.tries = message, call, [], None, 0
        self.sent_at = 0.0


class Phone:
    def __init__(self, number, password, server, domain='pbx.test', transport='udp', name='', address='127.0.0.1', tone=0,
                 codecs=('PCMU', 'PCMA'), on_message=None):
        """server: (host, port). tone: Hz, what it says in its calls. on_message: called with (phone, sent, Message)."""
        self.number, self.password, self.server, self.domain, self.name = number, password, server, domain, name
        self.address, self.tone, self.codecs, self.on_message = address, tone, codecs, on_message
        self.user = number                                      # of the credentials
        self.uri = f'sip:{number}@{domain}'
        self.allow = 'INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, UPDATE, INFO, PRACK'
        self.algorithms = ('MD5', 'SHA-256')                    # which challenges it can answer
        self.on_ring = None                                     # called with each new Call, in the phone's thread
        self.silent = set()                                     # methods it does not answer
        self.refuses = {}                                       # Event: status for a NOTIFY of it
        self.digest_uri = None                                  # instead of the Request-URI
        self.line = LINES[transport](address, server)
        self.changed = threading.Condition(threading.RLock())
        self.calls, self.asked, self.answered_requests = [], {}, {}
        self.subscriptions, self.told, self.strays = [], [], []  # told: (time, NOTIFY) outside dialogs
        self.trace, self.timers = deque(maxlen=TRACE_MAX), []
        self.serial, self.taken = 0, 0
        self.register_id, self.register_cseq = self.fresh('r') + '@phone', 0
        self.wake_read, self.wake_write = socket.socketpair()
        self.running = True
        self.thread = threading.Thread(target=self._run, name=f'phone {number}', daemon=True)
        self.thread.start()

    def __str__(self): return f'phone {self.number} ({self.line.transport} {self.line.port})'

    # ---- what a user does

    def register(self, expires=120, headers=(), contact=None):
        """The final answer. contact: another Contact value; '*' for all; '' for none (a question)."""
        self.register_cseq += 1
        said = self._out_of_dialog('REGISTER', f'sip:{self.domain}', self.uri, self.register_id, self.register_cseq)
        said.headers = [h for h in said.headers if h[0] != 'Contact']
        value = self.contact() if contact is None else contact
        if value: said.headers.append(('Contact', value))
        if expires is not None: said.headers.append(('Expires', str(expires)))
        said.headers += headers
        return self.answered(self.ask(said, None))

    def call(self, dialled, headers=(), offer=True, from_=None, host=None):
        """INVITE; does not wait."""
        call = Call(self)
        call.call_id, call.cseq = self.fresh('c') + '@phone', 1
        call.target = f'sip:{dialled.replace("#", "%23")}@{host or self.domain}'
        call.remote = f'<{call.target}>'
        call.local = (from_ or self.shown()) + ';tag=' + call.local_tag
        said = call._message('INVITE', 1, self.usual_headers() + list(headers), call.audio.describe() if offer else '')
        with self.changed:
            self.calls.append(call)
            call.asked = self.ask(said, call)
        return call

    def next_call(self, seconds=5):
        """The next call that rings here."""
        def fresh():
            incoming = [c for c in self.calls if c.incoming]
            return incoming[self.taken] if len(incoming) > self.taken else None
        call = self.wait('incoming call', fresh, seconds)
        self.taken += 1
        return call

    def request(self, method, to=None, headers=(), body='', kind='application/sdp', credentials_for=True, from_=None):
        """A request outside dialogs, and its final answer. to: a number, or a whole URI. from_: somebody else's name."""
        target = f'sip:{to}@{self.domain}' if to else f'sip:{self.domain}'
        if to and to.startswith('sip:'): target = to
        said = self._out_of_dialog(method, target, target, self.fresh('q') + '@phone', 1)
        if from_: said.headers = [(n, f'{from_};tag={self.fresh("f")}' if n == 'From' else v) for n, v in said.headers]
        said.headers += list(headers) + ([('Content-Type', kind)] if body else [])
        said.body = body
        asked = Asked(said, None)
        if not credentials_for: asked.tries = 9
        return self.answered(self._ask(asked))

    def subscribe(self, event, to, accept, expires=600):
        """A Subscription; its `final` says whether it came about."""
        made = Subscription.__new__(Subscription)
        self.subscriptions.append(made)                         # before its first NOTIFY can come
        made.__init__(self, event, to, accept, expires)
        return made

    def wait_told(self, event, count=1, seconds=5):
        """The newest of that many NOTIFYs outside dialogs of an event: (time.monotonic, Message)."""
        of = lambda: [x for x in self.told if x[1].header('Event').split(';')[0] == event]
        return self.wait(f'{count}. NOTIFY {event}', lambda: len(of()) >= count and of()[-1], seconds)

    def close(self):
        self.running = False
        self._wake()
        self.thread.join(2)
        self.line.close()
        for call in self.calls: call.audio.close()
        self.wake_read.close(), self.wake_write.close()

    # ---- parts of messages

    def fresh(self, what):
        with self.changed: self.serial += 1
        return f'{what}{self.number}x{self.serial}x{os.urandom(4).hex()}'

    def via(self): return f'SIP/2.0/{self.line.transport} {self.line.address}:{self.line.port};branch=z9hG4bK{self.fresh("b")};rport'

    def contact(self):
        transport = ';transport=tcp' if self.line.transport == 'TCP' else ''
        return f'<sip:{self.number}@{self.line.address}:{self.line.port}{transport}>'

    def shown(self): return (f'"{self.name}" ' if self.name else '') + f'<{self.uri}>'
    def usual_headers(self): return [('Contact', self.contact()), ('Allow', self.allow), ('Supported', 'replaces')]
    def new_audio(self): return Audio(self.address, self.codecs, self.tone)

    def _out_of_dialog(self, method, target, to, call_id, cseq):
        return Message(f'{method} {target} SIP/2.0', [
            ('Via', self.via()), ('Max-Forwards', '70'), ('From', f'{self.shown()};tag={self.fresh("f")}'), ('To', f'<{to}>'),
            ('Call-ID', call_id), ('CSeq', f'{cseq} {method}'), ('Contact', self.contact()), ('User-Agent', 'deskphone')])

    # ---- sending

    def send(self, message):
        with self.changed:
            self.trace.append((time.monotonic(), True, message))
            if self.on_message: self.on_message(self, True, message)
            self.line.send(message.bytes())

    def send_raw(self, data): self.line.send(data)

    def ask(self, message, call): return self._ask(Asked(message, call))

    def _ask(self, asked):
        """Sends a request and repeats it until it is answered (RFC 3261 §17.1)."""
        with self.changed:
            asked.sent_at = time.monotonic()
            self.asked[asked.message.key] = asked
            message = asked.message
            self.send(message)
            if not self.line.reliable:
                done = lambda: asked.final or asked.message is not message or message.method == 'INVITE' and asked.answers
                self._repeat(message.bytes(), done)
        return asked

    def answered(self, asked, seconds=5):
        """The final answer to a request."""
        return self.wait(f'answer to {asked.message}', lambda: asked.final, seconds)

    def respond(self, request, status, headers=(), body='', tag=''):
        said = [h for h in request.headers if COMPACT.get(h[0].lower(), h[0].lower()) in COPIED]
        if tag: said = [(n, v + f';tag={tag}' if n.lower() in ('to', 't') and 'tag=' not in v else v) for n, v in said]
        answer = Message(f'SIP/2.0 {status} {REASONS.get(status, "Answer")}',
                         said + list(headers) + ([('Content-Type', 'application/sdp')] if body else []), body)
        with self.changed:
            self.answered_requests[request.key] = answer
            self.send(answer)

    def repeat_until_acknowledged(self, call):
        answer = self.answered_requests[call.incoming.key].bytes()
        self._repeat(answer, lambda: call.acknowledged or call.state == 'over')

    def _repeat(self, data, done):
        self.timers.append([time.monotonic() + T1, T1, data, done])
        self._wake()

    def _wake(self):
        try: self.wake_write.send(b'x')
        except OSError: pass

    # ---- waiting

    def wait(self, what, condition, seconds=5):
        """What condition() returns once it is true."""
        with self.changed:
            found = self.changed.wait_for(condition, seconds)
        if not found: raise Silence(f'{self}: no {what} within {seconds} s\n{self.ladder()}')
        return found

    def ladder(self):
        start = self.trace[0][0] if self.trace else 0
        arrow = {True: '-->', False: '<--'}
        return '\n'.join(f'  {1e3 * (t - start):8.1f} ms {self.number} {arrow[sent]} {m.start}  [{m.header("CSeq")}]' for t, sent, m in self.trace)

    # ---- the thread

    def _run(self):
        while self.running:
            with self.changed:
                now = time.monotonic()
                due = self._repeat_what_is_due(now)
                calls = [c for c in self.calls if c.state != 'over']
                due = min([due] + [c.audio.tick(now) for c in calls if c.state == 'up' or c.audio.remote])
            sockets = {c.audio.socket: c.audio for c in calls}
            listened = [self.wake_read, *sockets] + ([self.line.socket] if getattr(self.line, 'open', True) else [])
            try: ready = select.select(listened, [], [], max(0.0, min(due - time.monotonic(), 1.0)))[0]
            except (OSError, ValueError): return                # closed
            with self.changed:
                if self.wake_read in ready: self.wake_read.recv(4096)
                if self.line.socket in ready:
                    for data in self.line.receive(): self._take(data)
                for audio in (sockets[s] for s in ready if s in sockets): audio.receive()
                if ready: self.changed.notify_all()

    def _repeat_what_is_due(self, now):
        self.timers = [t for t in self.timers if not t[3]() and t[1] <= 32]
        for timer in self.timers:
            if timer[0] <= now:
                self.line.send(timer[2])
                timer[1] = min(timer[1] * 2, T2)
                timer[0] = now + timer[1]
        return min([t[0] for t in self.timers], default=now + 1)

    def _take(self, data):
        try: message = Message.parse(data)
        except (ValueError, IndexError): message = Message('UNREADABLE sip: SIP/2.0', [])
        self.trace.append((time.monotonic(), False, message))
        if self.on_message: self.on_message(self, False, message)
        (self._take_request if message.is_request else self._take_answer)(message)

    def _take_answer(self, message):
        asked = self.asked.get(message.key)
        if not asked: return
        call = asked.call
        if message.status < 200:
            asked.answers.append(message)
            if call and call.asked is asked:
                call.provisional.append(message)
                self._take_provisional(call, message)
            return
        invite = message.method == 'INVITE'
        if invite and message.status >= 300: self._acknowledge_refusal(asked.message, message)
        if message.status in (401, 407) and self._with_credentials(asked, message): return
        if asked.final:
            if invite and message.status < 300: call.acknowledge(message)         # our ACK was lost
            return
        asked.final = message
        if not (call and invite): return
        if message.status < 300:
            self._take_success(call, asked, message)
        elif call.asked is asked:
            call.final, call.state, call.ended_by = message, 'over', 'them'

    def _take_success(self, call, asked, message):
        if call.asked is asked:
            call.final, call.state = message, 'up'
            call.remote = message.header('To')
            call.routes = message.all('Record-Route')[::-1]
        call.target = uri_of(message.header('Contact')) or call.target
        call.asked = call.asked if call.asked is asked else asked
        if message.body and asked.message.body: call.audio.take(message.body)
        call.acknowledge(message)

    def _take_provisional(self, call, message):
        if message.body and call.asked.message.body: call.audio.take(message.body)
        if '100rel' not in message.header('Require'): return
        call.remote, call.target = message.header('To'), uri_of(message.header('Contact')) or call.target
        call.request('PRACK', [('RAck', f'{message.header("RSeq")} {message.header("CSeq")}')])

    def _with_credentials(self, asked, refusal):
        """Asks again with an answer to the challenge; False where there is none to give."""
        offers = [c for c in challenges(refusal) if c[1].get('algorithm', 'MD5').upper() in self.algorithms]
        stale = any(c[1].get('stale', '').lower() == 'true' for c in offers)
        if not offers or asked.tries >= (2 if stale else 1): return False
        asked.tries += 1
        old, cseq = asked.message, asked.message.cseq[0] + 1
        answer = credentials(offers[0], old.method, self.digest_uri or old.uri, self.user, self.password)
        replaced = {'Via': self.via(), 'CSeq': f'{cseq} {old.method}'}
        headers = [(n, replaced.get(n, v)) for n, v in old.headers if n not in ('Authorization', 'Proxy-Authorization')]
        asked.message = Message(old.start, headers + [answer], old.body)
        if asked.call: asked.call.cseq = max(asked.call.cseq, cseq)
        if old.method == 'REGISTER': self.register_cseq = cseq
        self._ask(asked)
        return True

    def _acknowledge_refusal(self, invite, answer):
        said = [h for h in invite.headers if h[0] in ('Via', 'Max-Forwards', 'From', 'Call-ID')]
        self.send(Message(f'ACK {invite.uri} SIP/2.0', said + [('To', answer.header('To')), ('CSeq', f'{invite.cseq[0]} ACK')]))

    # ---- requests of the PBX

    def _take_request(self, message):
        method = message.method
        if method == 'ACK': return self._take_ack(message)
        if message.key in self.answered_requests:               # a repetition
            return self.line.send(self.answered_requests[message.key].bytes())
        call = next((c for c in self.calls if c.call_id == message.call_id), None)
        if method == 'CANCEL': return self._take_cancel(call, message)
        in_dialog = 'tag=' in message.header('To')
        if method == 'INVITE' and not in_dialog:
            if not call: self._take_invite(message)
            return
        if method == 'NOTIFY' and not call: return self._take_notify(message)
        if not call or not in_dialog:
            self.strays.append(message)
            if method not in self.silent: self.respond(message, 481 if in_dialog else 200, tag=self.fresh('s'))
            return
        if any(m.key == message.key for m in call.inbox): return                  # a repetition of what we do not answer
        call.inbox.append(message)
        if method not in self.silent: self._take_in_dialog(call, message)

    def _take_in_dialog(self, call, message):
        method, body, headers = message.method, '', ()
        if call.state == 'over': return self.respond(message, 481)
        if method in ('INVITE', 'UPDATE'):
            call.target = uri_of(message.header('Contact')) or call.target
            if message.body: body = call.audio.answer(message.body, 'sendonly' if call.held else None)
            elif method == 'INVITE': body = call.audio.describe()
            if body is None: return self.respond(message, 488)
            headers = self.usual_headers()
        if method == 'NOTIFY' and (status := re.match(r'SIP/2.0 (\d+)', message.body)):
            call.reports.append((int(status[1]), message.header('Subscription-State')))
        if method == 'BYE': call.state, call.ended_by = 'over', 'them'
        self.respond(message, 200, headers, body)

    def _take_notify(self, message):
        """NOTIFY of a subscription, or outside dialogs."""
        at = time.monotonic()
        mine = next((s for s in self.subscriptions if getattr(s, 'call_id', '') == message.call_id), None)
        if mine: mine.notifies.append((at, message))
        elif 'tag=' in message.header('To'): return self.respond(message, 481)
        else: self.told.append((at, message))
        if 'NOTIFY' in self.silent: return
        self.respond(message, self.refuses.get(message.header('Event').split(';')[0], 200), tag='' if mine else self.fresh('s'))

    def _take_invite(self, message):
        call = Call(self, message)
        self.calls.append(call)
        if self.on_ring: self.on_ring(call)

    def _take_cancel(self, call, message):
        self.respond(message, 200 if call else 481)
        if not call: return
        call.inbox.append(message)
        if call.state != 'ringing': return
        call.state, call.ended_by = 'over', 'them'
        self.respond(call.incoming, 487, tag=call.local_tag)

    def _take_ack(self, message):
        call = next((c for c in self.calls if c.call_id == message.call_id), None)
        if not call: return
        call.acknowledged = True
        if message.body and call.incoming and not call.incoming.body: call.audio.take(message.body)
