"""Many lamps behind one UDP socket: `dialog` subscriptions that answer every NOTIFY at once and take its time."""
import os, re, socket, sys, threading, time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'demo')]
from message import Message, challenges, credentials            # noqa: E402

AT_ONCE = 50                                                    # subscriptions asked for before answers are awaited


class Watchers:
    """One subscription to `watched` for each of `numbers`; the password of N is "secretN"."""

    def __init__(self, numbers, watched, server, address, domain='pbx.test'):
        self.numbers, self.target, self.server, self.domain = numbers, f'sip:{watched}@{domain}', server, domain
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind((address, 0))
        self.at = '%s:%d' % self.socket.getsockname()
        self.active, self.refused, self.heard, self.repeated, self.times = set(), [], set(), 0, []
        self.changed = threading.Condition()
        threading.Thread(target=self._serve, daemon=True).start()

    def subscribe(self, seconds=60):
        """Until all are active and have heard the state of now."""
        for i in range(0, len(self.numbers), AT_ONCE):
            some = self.numbers[i:i + AT_ONCE]
            for n in some: self._ask(n, 1, '')
            self._until(lambda: self.active.issuperset(some) or self.refused, seconds)
            if self.refused: raise SystemExit(f'a watcher was refused: {self.refused[0]}')
        self._until(lambda: len(self.times) >= len(self.numbers), seconds)

    def wave(self, change, seconds=10):
        """What `change()` makes all of them hear: (s from its begin to the first NOTIFY, to the last one, repetitions)."""
        with self.changed: self.times, self.repeated = [], 0
        began = time.monotonic()
        change()
        self._until(lambda: len(self.times) >= len(self.numbers), seconds)
        return self.times[0] - began, self.times[len(self.numbers) - 1] - began, self.repeated

    def close(self): self.socket.close()

    def _until(self, condition, seconds):
        with self.changed:
            if not self.changed.wait_for(condition, seconds): raise SystemExit(f'watchers: {len(self.times)} of {len(self.numbers)} were told')

    def _ask(self, number, cseq, more):
        self.socket.sendto((f'SUBSCRIBE {self.target} SIP/2.0\r\nVia: SIP/2.0/UDP {self.at};rport;branch=z9hG4bK{number}x{cseq}\r\nMax-Forwards: 70\r\n'
                            f'From: <sip:{number}@{self.domain}>;tag=w\r\nTo: <{self.target}>\r\nCall-ID: {number}@lamps\r\nCSeq: {cseq} SUBSCRIBE\r\n'
                            f'Contact: <sip:{number}@{self.at}>\r\nEvent: dialog\r\nAccept: application/dialog-info+xml\r\nExpires: 3600\r\n{more}'
                            'Content-Length: 0\r\n\r\n').encode(), self.server)

    def _serve(self):
        while True:
            try: data = self.socket.recv(65536)
            except OSError: return
            now = time.monotonic()
            with self.changed:
                if data.startswith(b'NOTIFY'): self._told(data, now)
                else: self._answered(Message.parse(data))
                self.changed.notify_all()

    def _told(self, data, now):
        copied = [line for line in data.partition(b'\r\n\r\n')[0].split(b'\r\n') if re.match(rb'(via|from|to|call-id|cseq):', line, re.I)]
        self.socket.sendto(b'\r\n'.join([b'SIP/2.0 200 OK', *copied, b'Content-Length: 0', b'', b'']), self.server)
        name = b' '.join(copied[-2:])
        if name in self.heard: self.repeated += 1
        else: self.times.append(now)
        self.heard.add(name)

    def _answered(self, answer):
        number, cseq = answer.call_id.split('@')[0], int(answer.header('CSeq').split()[0])
        status = int(answer.start.split()[1])
        if status == 401 and cseq == 1:
            self._ask(number, 2, '%s: %s\r\n' % credentials(challenges(answer)[0], 'SUBSCRIBE', self.target, number, 'secret' + number))
        elif status // 100 == 2: self.active.add(number)
        elif status >= 300: self.refused.append(answer.start)
