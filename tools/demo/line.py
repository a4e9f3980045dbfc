"""The wire between a simulated phone and its PBX: a UDP socket, or a TCP connection with its framing (RFC 3261 §18.3)."""
import re, socket

READ_MAX = 65536


class UdpLine:
    transport, reliable = 'UDP', False

    def __init__(self, address, server):
        self.server = server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.setblocking(False)
        self.address, self.port = self.socket.getsockname()

    def send(self, data): self.socket.sendto(data, self.server)

    def receive(self):
        """All whole messages that have come."""
        found = []
        while True:
            try: data = self.socket.recv(READ_MAX)
            except BlockingIOError: return found
            except OSError: continue                            # ICMP: the PBX is gone for the moment
            if data.strip(b'\r\n\0'): found.append(data)

    def close(self): self.socket.close()


class TcpLine:
    transport, reliable = 'TCP', True

    def __init__(self, address, server):
        self.socket = socket.create_connection(server, 5, (address, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.address, self.port = self.socket.getsockname()
        self.buffer, self.open = b'', True

    def send(self, data):
        try: self.socket.sendall(data)
        except OSError: self.open = False

    def receive(self):
        try: data = self.socket.recv(READ_MAX, socket.MSG_DONTWAIT)
        except BlockingIOError: return []
        except OSError: data = b''
        if not data: self.open = False
        self.buffer += data
        found = []
        while True:
            self.buffer = self.buffer.lstrip(b'\r\n')
            head, end, rest = self.buffer.partition(b'\r\n\r\n')
            if not end: return found
            length = re.search(rb'\r\n(?:content-length|l)\s*:\s*(\d+)', head, re.I)
            size = int(length[1]) if length else 0
            if len(rest) < size: return found
            found.append(head + end + rest[:size])
            self.buffer = rest[size:]

    def close(self): self.socket.close()


LINES = dict(udp=UdpLine, tcp=TcpLine)
