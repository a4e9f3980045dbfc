"""Prints who said what to whom while it happens, in words for people who have never seen SIP."""
import re, threading, time

from message import name_of, user_of
from screen import parked_in

COLUMN, WIDTH = 9, 24
REQUESTS = {
    'REGISTER': 'here I am: send my calls to this address',
    'INVITE': 'please connect me',
    'BYE': 'goodbye',
    'CANCEL': 'never mind, stop ringing',
    'UPDATE': 'by the way, this is whom you are talking to',
}
ANSWERS = {180: 'it is ringing', 183: 'it is ringing', 200: 'yes, done', 202: 'I will try', 404: 'there is nothing there',
           486: 'busy', 487: 'stopped'}


class Ladder:
    def __init__(self, colour, names):
        self.began, self.lock, self.colour, self.names = time.monotonic(), threading.Lock(), colour, names
        self.shown = set()

    def paint(self, text, code): return f'\x1b[{code}m{text}\x1b[0m' if self.colour else text

    def scene(self, title):
        with self.lock: print('\n' + self.paint(f'  == {title}', '1'))

    def tell(self, text):
        with self.lock: print(self.paint('  ' + text, '36'), flush=True)

    def picture(self, text):
        with self.lock: print('\n' + text + '\n', flush=True)

    def message(self, phone, sent, message):
        """What a phone has sent or got. Challenge and proof of the password, 100 and ACK only repeat what is said anyway."""
        if message.status in (100, 401) or message.method == 'ACK' or message.header('Authorization'): return
        key = phone.number, sent, message.key, message.start
        with self.lock:
            if key in self.shown: return                        # a repetition on the wire
            self.shown.add(key)
            line = self.words(message, sent).center(WIDTH - 4, '-')[:WIDTH - 4]
            arrow = f'--{line}>' if sent else f'<{line}--'
            print(f'  {time.monotonic() - self.began:6.2f} s {self.names[phone.number]:>{COLUMN}} {arrow} Parkway  {self.meaning(message, sent)}', flush=True)

    def words(self, message, sent):
        if not message.is_request: return message.start.replace('SIP/2.0 ', '')
        if message.method == 'REFER': return f'REFER to {user_of(message.header("Refer-To"))}'
        return f'{message.method} {user_of(message.uri)}'.strip() if sent and 'tag=' not in message.header('To') else message.method

    def meaning(self, message, sent):
        if not message.is_request: return ANSWERS.get(message.status, '')
        if message.method == 'NOTIFY': return self.notice(message)
        if message.method == 'REFER': return f'park my caller: {user_of(message.header("Refer-To"))}'
        if message.method != 'INVITE': return REQUESTS.get(message.method, '')
        if 'tag=' in message.header('To'): return 'hold: I listen no more' if 'sendonly' in message.body else 'another session'
        return REQUESTS['INVITE'] if sent else 'a call for you: ' + name_of(message.header('From'))

    def notice(self, message):
        if not message.header('Event').startswith('park-info'):
            status = re.match(r'SIP/2.0 (\d+)', message.body)
            return {'100': 'the park is under way', '200': 'your caller is parked'}.get(status[1], message.body[:40]) if status else ''
        parked = parked_in(message.body)
        return f'lamp on: {parked[0]} is parked, you may retrieve' if parked else 'lamp off: nobody is parked for you'
