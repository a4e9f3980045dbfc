"""One call of a simulated phone: a dialog (RFC 3261 §12) with its sound."""
import urllib.parse

from message import Message, parameter, uri_of


class Call:
    """States: calling (INVITE sent) or ringing (INVITE received), up, over.

    What the PBX sends within the dialog is answered by the phone itself, as a desk phone does, except for methods in
    `phone.silent`; all of it is kept in `inbox`."""

    def __init__(self, phone, incoming=None):
        self.phone, self.incoming = phone, incoming
        self.state, self.final, self.asked = 'ringing' if incoming else 'calling', None, None
        self.provisional, self.inbox, self.reports = [], [], []
        self.ended_by, self.held = '', False
        self.local_tag, self.cseq, self.acknowledged = phone.fresh('t'), 0, False
        self.audio = phone.new_audio()
        self.routes, self.reliable_count = [], 0
        if incoming:
            self.call_id = incoming.call_id
            self.local, self.remote = incoming.header('To') + ';tag=' + self.local_tag, incoming.header('From')
            self.target = uri_of(incoming.header('Contact'))
            self.routes = incoming.all('Record-Route')

    # ---- what one sees on the display

    @property
    def shown(self):
        """Whom the phone shows: P-Asserted-Identity of the newest message that has one, else From."""
        sources = [m for m in self.inbox if m.method in ('INVITE', 'UPDATE')][::-1]
        sources += [self.final] if self.final else []
        sources += [self.incoming] if self.incoming else []
        asserted = next((m.header('P-Asserted-Identity') for m in sources if m.header('P-Asserted-Identity')), '')
        return asserted or (self.incoming.header('From') if self.incoming else self.remote)

    @property
    def status(self): return self.final.status if self.final else 0

    @property
    def name(self):
        """(Call-ID, to-tag, from-tag) as this phone names the dialog in Replaces."""
        return self.call_id, parameter(self.remote, 'tag'), self.local_tag

    def heard(self, method): return [m for m in self.inbox if m.method == method]

    # ---- requests within the dialog

    def request(self, method, headers=(), body='', kind='application/sdp'):
        """Sends one; the Asked whose `final` is the answer."""
        self.cseq += 1
        return self.phone.ask(self._message(method, self.cseq, headers, body, kind), self)

    def _message(self, method, cseq, headers=(), body='', kind='application/sdp'):
        said = [('Via', self.phone.via()), ('Max-Forwards', '70'), ('From', self.local), ('To', self.remote), ('Call-ID', self.call_id),
                ('CSeq', f'{cseq} {method}')] + [('Route', r) for r in self.routes]
        if method not in ('BYE', 'CANCEL') and not any(n == 'Contact' for n, _ in headers): said.append(('Contact', self.phone.contact()))
        return Message(f'{method} {self.target} SIP/2.0', said + list(headers) + ([('Content-Type', kind)] if body else []), body)

    def acknowledge(self, answer):
        """ACK of a 2xx. Where that carried the offer, with our answer."""
        body = ''
        if not self.asked.message.body and answer.body and answer.cseq[1] == 'INVITE': body = self.audio.answer(answer.body) or ''
        self.phone.send(self._message('ACK', answer.cseq[0], [], body))

    def hang_up(self):
        """BYE; or CANCEL, or 603, before an answer."""
        if self.state == 'calling': return self.cancel()
        if self.state == 'ringing': return self.refuse(603)
        self.state, self.ended_by = 'over', 'us'
        return self.request('BYE')

    def cancel(self):
        sent = self.asked.message
        headers = [h for h in sent.headers if h[0] in ('Via', 'Max-Forwards', 'From', 'To', 'Call-ID')] + [('CSeq', f'{sent.cseq[0]} CANCEL')]
        return self.phone.ask(Message(f'CANCEL {sent.uri} SIP/2.0', headers), None)

    def propose(self, direction, method='INVITE'):
        """Another session: a hold is 'sendonly', a resume 'sendrecv'."""
        self.held = direction in ('sendonly', 'inactive')
        return self.request(method, self.phone.usual_headers(), self.audio.describe(direction))

    def hold(self): return self.phone.answered(self.propose('sendonly'))
    def resume(self): return self.phone.answered(self.propose('sendrecv'))

    def refer(self, dialled, replaces=None, headers=(), host=None):
        """REFER of the other side to a number, or to a Call that is to be replaced. Its outcome: wait_report()."""
        to = f'sip:{urllib.parse.quote(dialled, safe="*+;=@%")}@{host or self.phone.domain}'
        if replaces:
            call_id, to_tag, from_tag = replaces.name
            to += '?Replaces=' + urllib.parse.quote(f'{call_id};to-tag={to_tag};from-tag={from_tag}', safe='')
        return self.request('REFER', [('Refer-To', f'<{to}>'), ('Referred-By', f'<{self.phone.uri}>'), *headers])

    def wait_report(self, seconds=5):
        """The status in the terminal NOTIFY of a REFER."""
        final = lambda: next((s for s, state in self.reports if state.startswith('terminated')), None)
        return self.phone.wait('terminal NOTIFY of a REFER', final, seconds)

    # ---- answers to the INVITE we got

    def ring(self, status=180, early=False, reliable=False):
        headers = [('Contact', self.phone.contact()), ('Allow', self.phone.allow)]
        if reliable:
            self.reliable_count += 1
            headers += [('Require', '100rel'), ('RSeq', str(self.reliable_count))]
        self._respond(status, headers, (self.audio.answer(self.incoming.body) or '') if early else '')

    def answer(self, headers=()):
        body = self.audio.answer(self.incoming.body) if self.incoming.body else self.audio.describe()
        if body is None: return self.refuse(488)
        self.state = 'up'
        self._respond(200, self.phone.usual_headers() + list(headers), body)
        self.phone.repeat_until_acknowledged(self)

    def refuse(self, status):
        self.state, self.ended_by = 'over', 'us'
        self._respond(status, [])

    def _respond(self, status, headers, body=''):
        self.phone.respond(self.incoming, status, headers, body, self.local_tag)

    # ---- waiting

    def wait_up(self, seconds=5):
        self.phone.wait('answered and acknowledged call',
                        lambda: self.state == 'over' or self.state == 'up' and (self.acknowledged or not self.incoming), seconds)
        if self.state != 'up': raise AssertionError(f'{self.phone}: the call was refused: {self.final}\n{self.phone.ladder()}')
        return self

    def wait_final(self, seconds=5):
        """The final answer to our INVITE."""
        return self.phone.wait('final answer', lambda: self.final, seconds)

    def wait_over(self, seconds=5):
        self.phone.wait('end of the call', lambda: self.state == 'over', seconds)
        return self

    def wait_provisional(self, status, seconds=5):
        return self.phone.wait(f'{status} answer', lambda: next((m for m in self.provisional if m.status == status), None), seconds)

    def wait_inbox(self, method, count=1, seconds=5):
        """The newest of that many in-dialog requests."""
        return self.phone.wait(f'{method} in the dialog', lambda: len(self.heard(method)) >= count and self.heard(method)[-1], seconds)

    def wait_hears(self, hertz, among=(0, 440, 520, 620, 700, 850, 1000), seconds=4, since=0.0):
        """Until the last 200 ms of what it hears is that tone (0: silence or nothing would never be told apart: use wait_quiet)."""
        tones = [t for t in among if t]
        self.phone.wait(f'{hertz} Hz', lambda: self.audio.hears(tones, since=since) == hertz, seconds)
        return self
