"""What was on the wire: RTP of a range of ports, taken by tcpdump, and the tones in it."""
import os, signal, struct, subprocess, time

from office import eventually
from sound import tone_of

WINDOW = 10                                                     # packets: 200 ms
LINK_HEADERS = {1: 14, 113: 16, 276: 20}                        # Ethernet, Linux cooked


class Capture:
    """tcpdump on the loopback interface from start to stop(). Ports: (first, last), of UDP."""

    def __init__(self, folder, ports):
        self.path = os.path.join(folder, 'capture.pcap')
        self.process = subprocess.Popen(['tcpdump', '-i', 'lo', '-U', '-s', '400', '-B', '8192', '-w', self.path, f'udp portrange {ports[0]}-{ports[1]}'],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # The file gets its head when the interface is open.
        if not eventually(lambda: os.path.exists(self.path) and os.path.getsize(self.path) >= 24 or self.process.poll() is not None):
            raise OSError('tcpdump does not begin')
        if self.process.poll() is not None: raise OSError(f'tcpdump ended with {self.process.returncode}')

    def stop(self):
        if self.process.poll() is None: self.process.send_signal(signal.SIGINT)
        self.process.wait(5)

    def packets(self):
        """(time, source port, destination port, payload type, sequence, SSRC, payload) of every RTP packet so far."""
        with open(self.path, 'rb') as f: data = f.read()
        if len(data) < 24: return
        order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
        link = LINK_HEADERS[struct.unpack(order + 'I', data[20:24])[0]]
        at = 24
        while at + 16 <= len(data):
            seconds, fraction, size, _ = struct.unpack(order + 'IIII', data[at:at + 16])
            frame = data[at + 16 + link:at + 16 + size]
            at += 16 + size
            udp = frame[(frame[0] & 15) * 4:] if frame and frame[0] >> 4 == 4 else b''
            rtp = udp[8:]
            if len(rtp) < 12 or rtp[0] >> 6 != 2 or 200 <= rtp[1] <= 204: continue
            _, kind, sequence, _, ssrc = struct.unpack('!BBHII', rtp[:12])
            source, to = struct.unpack('!HH', udp[:4])
            yield seconds + fraction / 1e6, source, to, kind & 0x7f, sequence, ssrc, rtp[12:]

    def tones(self, to, among):
        """What came to a range of ports, window by window: [(time, tone)...]; 0 is silence, None something else."""
        heard = [p for p in self.packets() if to[0] <= p[2] <= to[1]]
        windows = [heard[n:n + WINDOW] for n in range(0, len(heard) - WINDOW + 1, WINDOW)]
        return [(w[-1][0], tone_of([(p[3], p[6]) for p in w], among)) for w in windows]

    def wait_tone(self, to, hertz, among, since=0.0, seconds=8, windows=3):
        """Until that many windows in a row after `since` (time.time()) were that tone; False when they never were."""
        def heard():
            last = [tone for at, tone in self.tones(to, among) if at > since][-windows:]
            return len(last) == windows and all(tone == hertz for tone in last)
        return eventually(heard, seconds, every=.2)
