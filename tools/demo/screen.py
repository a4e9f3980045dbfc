"""The display of a simulated desk phone, drawn in text: what its user sees, soft keys below, the lamp beside its name."""
import re, time
import xml.etree.ElementTree as xml

from message import name_of, user_of

PARK = '{http://schema.broadsoft.com/callpark}'
INSIDE = 30                                                     # columns between the borders
TALKING = ('End Call', 'GPark', 'DPark', 'More')
PARK_TO = ('DPark', 'Send', 'Delete', 'Cancel')
PARKED = ('Retrieve', 'Cancel')
RINGING = ('Answer', 'Reject')


def parked_in(body):
    """(name, number) of the call that a park-info body shows; None: nothing is parked."""
    identity = xml.fromstring(body.encode()).find(f'.//{PARK}parked/{PARK}identity') if body.strip() else None
    return None if identity is None else (identity.get('display', ''), user_of(identity.text))


class Screen:
    """State is read off the phone, so that the picture cannot say what the phone was not told."""

    def __init__(self, phone):
        self.phone, self.typed = phone, None                    # typed: digits of "Park to"
        self.since = {}                                         # when something was first seen: its timer starts then

    def parked(self):
        """(name, number, since) of the parked call its last park-info spoke of."""
        told = [x for x in self.phone.told if x[1].header('Event').startswith('park-info')]
        found = parked_in(told[-1][1].body) if told else None
        if not found: return None
        began = told[-1][0]
        for at, message in reversed(told):                      # the same call told again does not start the timer anew
            if parked_in(message.body) != found: break
            began = at
        return (*found, began)

    @property
    def lamp(self): return bool(self.parked())

    def content(self):
        """(title, lines, soft keys)."""
        if self.typed is not None: return 'Park to', [self.typed + '_', '2/2'], PARK_TO
        calls = [c for c in self.phone.calls if c.state in ('up', 'ringing')]
        ringing = next((c for c in calls if c.state == 'ringing'), None)
        if ringing: return 'Incoming call', self.who(ringing.incoming.header('From')), RINGING
        if calls:
            began = self.since.setdefault(calls[-1], time.monotonic())
            return self.timed('On hold' if calls[-1].held else 'Talking', began), self.who(calls[-1].shown), TALKING
        parked = self.parked()
        if parked: return self.timed('|| CallPark', parked[2]), list(parked[:2]), PARKED
        return '', [], ()

    def who(self, shown): return [name_of(shown) or user_of(shown), user_of(shown)]

    def timed(self, title, began):
        seconds = int(time.monotonic() - began)
        clock = f'{seconds // 60:02}:{seconds % 60:02}'
        return title + clock.rjust(INSIDE - 2 - len(title))

    def lines(self):
        title, body, keys = self.content()
        lamp = '(*) lamp on' if self.lamp else '( ) lamp off'
        name = f'{self.phone.name} {self.phone.number}'
        rows = [title] + [line.center(INSIDE - 2) for line in (body + ['', ''])[:2]] + ['  '.join(keys).center(INSIDE - 2)]
        border = '+' + '-' * INSIDE + '+'
        return [name + lamp.rjust(INSIDE + 2 - len(name)), border, *[f'| {row[:INSIDE - 2]:{INSIDE - 2}} |' for row in rows], border]


def side_by_side(screens):
    """All of them in one picture."""
    return '\n'.join('  ' + '   '.join(row) for row in zip(*[s.lines() for s in screens]))
