"""The sound of one call of a simulated phone: its session description (RFC 4566, 3264) and its RTP (RFC 3550)."""
import os, re, socket, struct, time
from collections import deque

from sound import DECODE, FRAME, TYPES, tone_frames, tone_of

PAYLOAD_TYPES = dict(TYPES, G722=9, G729=18)
EVENT = 101                                                     # telephone-event
MIRROR = dict(sendrecv='sendrecv', sendonly='recvonly', recvonly='sendonly', inactive='inactive')
HEARD_MAX = 500                                                 # packets remembered: ten seconds


class Description:
    """What matters of a session description: one audio stream."""

    def __init__(self, text):
        media = re.search(r'^m=audio (\d+) \S+ ([\d ]+)', text, re.M)
        self.port = int(media[1]) if media else 0
        self.types = [int(t) for t in media[2].split()] if media else []
        address = re.findall(r'^c=IN IP[46] (\S+)', text, re.M)
        self.address = address[-1] if address else ''
        direction = re.search(r'^a=(sendrecv|sendonly|recvonly|inactive)\s*$', text, re.M)
        self.direction = direction[1] if direction else 'sendrecv'
        names = dict(re.findall(r'^a=rtpmap:(\d+) ([\w-]+)', text, re.M))
        static = {str(t): n for n, t in PAYLOAD_TYPES.items()}
        self.codecs = [(names.get(str(t)) or static.get(str(t), '?'), t) for t in self.types]


class Audio:
    def __init__(self, address, codecs=('PCMU', 'PCMA'), tone=0):
        """tone: Hz, what this phone says all the time; 0: nothing."""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.setblocking(False)
        self.address, self.port = self.socket.getsockname()
        self.codecs, self.tone, self.version = codecs, tone, 0
        self.direction, self.remote, self.kind = 'sendrecv', None, None
        self.heard = deque(maxlen=HEARD_MAX)                    # (time, payload type, sequence, timestamp, SSRC, payload)
        self.heard_count = 0
        self.next_at, self.sequence, self.timestamp = 0.0, 0, 0
        self.ssrc = int.from_bytes(os.urandom(4), 'big')
        self.frames = {}

    def close(self): self.socket.close()

    # ---- session descriptions

    def describe(self, direction=None, codecs=None):
        """An offer; or an answer, where codecs [(name, payload type)...] are those of the offer."""
        self.direction = direction or self.direction
        self.version += 1
        codecs = codecs or [(n, PAYLOAD_TYPES[n]) for n in self.codecs] + [('telephone-event', EVENT)]
        rates = ''.join(f'a=rtpmap:{t} {n}/8000\r\n' for n, t in codecs)
        events = ''.join(f'a=fmtp:{t} 0-15\r\n' for n, t in codecs if n == 'telephone-event')
        return (f'v=0\r\no=- {self.ssrc} {self.version} IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n'
                f'm=audio {self.port} RTP/AVP {" ".join(str(t) for _, t in codecs)}\r\n{rates}{events}a=ptime:20\r\na={self.direction}\r\n')

    def answer(self, offer, direction=None):
        """The answer to an offer; None when no codec is shared."""
        wanted = Description(offer)
        common = [(n, t) for n, t in wanted.codecs if n in self.codecs or n == 'telephone-event']
        if not any(n in self.codecs for n, _ in common): return None
        self.take(offer)
        return self.describe(direction or MIRROR[wanted.direction], common)

    def take(self, text):
        """The other side's description: where sound goes, and in which form."""
        self.remote = Description(text)
        self.kind = next((t for n, t in self.remote.codecs if n in TYPES and n in self.codecs), None)

    # ---- RTP

    @property
    def talks(self):
        return bool(self.tone and self.remote and self.remote.port and self.kind in DECODE
                    and self.direction == 'sendrecv' and self.remote.direction in ('sendrecv', 'recvonly'))

    def tick(self, now):
        """Sends what is due; when to come again."""
        if not self.talks: return now + 0.02
        if not self.next_at: self.next_at = now
        if now < self.next_at: return self.next_at
        if self.kind not in self.frames: self.frames[self.kind] = tone_frames(self.tone, self.kind)
        frames = self.frames[self.kind]
        header = struct.pack('!BBHII', 0x80, self.kind, self.sequence & 0xffff, self.timestamp & 0xffffffff, self.ssrc)
        try: self.socket.sendto(header + frames[self.sequence % len(frames)], (self.remote.address, self.remote.port))
        except OSError: pass                                    # nobody there (any more)
        self.sequence += 1
        self.timestamp += FRAME
        self.next_at = max(self.next_at + 0.02, now - 0.1)
        return self.next_at

    def receive(self):
        """Takes everything that has come."""
        while True:
            try: data = self.socket.recv(2048)
            except BlockingIOError: return
            except OSError: return
            if len(data) < 12 or data[0] >> 6 != 2: continue
            _, kind, sequence, timestamp, ssrc = struct.unpack('!BBHII', data[:12])
            self.heard.append((time.monotonic(), kind & 0x7f, sequence, timestamp, ssrc, data[12 + 4 * (data[0] & 15):]))
            self.heard_count += 1

    def hears(self, among, packets=10, since=0.0):
        """The tone in the last packets that came after `since` (time.monotonic): one of `among`, 0 for silence, None: not clear yet."""
        last = [p for p in list(self.heard)[-packets:] if p[0] > since]
        if len(last) < packets: return None
        return tone_of([(p[1], p[5]) for p in last], among)

    def gaps(self):
        """How often sequence or SSRC of what was heard jumped."""
        heard = list(self.heard)
        return sum(1 for a, b in zip(heard, heard[1:]) if b[4] != a[4] or (b[2] - a[2]) & 0xffff != 1)
