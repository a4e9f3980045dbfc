"""A lamp of a simulated phone: a subscription and what it was told (RFC 6665)."""
import re

from message import Message, uri_of


class Subscription:
    def __init__(self, phone, event, to, accept, expires):
        self.phone, self.event, self.accept = phone, event, accept
        self.call_id, self.tag, self.cseq = phone.fresh('s') + '@phone', phone.fresh('f'), 0
        self.target = f'sip:{to}@{phone.domain}'
        self.remote = f'<{self.target}>'
        self.notifies = []                                      # (time, Message)
        self.final = self.refresh(expires)

    def refresh(self, expires):
        """SUBSCRIBE, again or for the first time: the final answer."""
        self.cseq += 1
        said = Message(f'SUBSCRIBE {self.target} SIP/2.0', [
            ('Via', self.phone.via()), ('Max-Forwards', '70'), ('From', f'{self.phone.shown()};tag={self.tag}'), ('To', self.remote),
            ('Call-ID', self.call_id), ('CSeq', f'{self.cseq} SUBSCRIBE'), ('Contact', self.phone.contact()), ('Event', self.event),
            ('Accept', self.accept), ('Expires', str(expires))])
        with self.phone.changed: asked = self.phone.ask(said, None)
        answer = self.phone.answered(asked)
        self.cseq = asked.message.cseq[0]
        if answer.status < 300: self.remote, self.target = answer.header('To'), uri_of(answer.header('Contact')) or self.target
        return answer

    @property
    def body(self): return self.notifies[-1][1].body if self.notifies else ''

    @property
    def states(self):
        """The <state>s of the newest dialog-info."""
        return re.findall(r'<state[^>]*>([^<]*)<', self.body)

    def wait(self, what, condition, seconds=5):
        """Until condition(this) is true of the newest NOTIFY: when that came (time.monotonic)."""
        self.phone.wait(what, lambda: self.notifies and condition(self), seconds)
        return self.notifies[-1][0]
