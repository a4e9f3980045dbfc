#!/usr/bin/env python3
"""What strangers send: nonsense, too much, too often. Parkway stays small, polite and up."""
import os, re, socket, time

from office import Office, Silence, eventually, main

GOOD = ('OPTIONS sip:pbx.test SIP/2.0\r\nVia: SIP/2.0/{transport} {host}:{port};branch=z9hG4bK{n};rport\r\nMax-Forwards: 70\r\n'
        'From: <sip:stranger@pbx.test>;tag=s{n}\r\nTo: <sip:pbx.test>\r\nCall-ID: stranger{n}\r\nCSeq: {n} OPTIONS\r\n{more}Content-Length: {length}\r\n\r\n')


class Stranger:
    """A socket that says anything."""
    serial = 0

    def __init__(self, server, transport='udp', address='127.0.0.1'):
        self.transport, self.server = transport, server
        kind = socket.SOCK_DGRAM if transport == 'udp' else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, kind)
        self.socket.bind((address, 0))
        self.socket.connect(server)
        self.socket.settimeout(2)

    def message(self, more='', length=0):
        Stranger.serial += 1
        host, port = self.socket.getsockname()
        return GOOD.format(transport=self.transport.upper(), host=host, port=port, n=Stranger.serial, more=more, length=length).encode()

    def send(self, data): self.socket.sendall(data)

    def read(self, seconds=2.0):
        """Some bytes; b'' when the connection was closed or nothing comes."""
        self.socket.settimeout(seconds)
        try: return self.socket.recv(65536)
        except OSError: return b''

    def status(self, data, seconds=2.0):
        """The status of the answer; 0 for none."""
        self.send(data)
        found = re.match(rb'SIP/2.0 (\d+)', self.read(seconds))
        return int(found[1]) if found else 0

    def close(self): self.socket.close()


class Strangers(Office):
    def stranger(self, transport='udp', **more):
        stranger = Stranger(self.node.server(transport), transport, **more)
        self.addCleanup(stranger.close)
        return stranger

    def lives(self):
        """It answers a well-mannered OPTIONS on both transports, and is the same process."""
        self.assertTrue(self.node.alive, self.node.text())
        for transport in ('udp', 'tcp'):
            stranger = self.stranger(transport)
            self.assertEqual(stranger.status(stranger.message()), 200, transport)

    def memory_kb(self):
        with open(f'/proc/{self.node.pid}/smaps_rollup') as f: return int(re.search(r'^Pss:\s+(\d+)', f.read(), re.M)[1])


class Nonsense(Strangers):
    def datagrams(self):
        """Things no phone sends."""
        whole = self.stranger().message()
        def with_(old, new): return whole.replace(old.encode(), new.encode(), 1)
        yield from (b'', b'\0', b'\r\n\r\n', b'\xff' * 2000, b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', os.urandom(1200), b'SIP/2.0 200 OK\r\n\r\n')
        yield from (whole[:n] for n in range(0, len(whole), 7))
        yield from (with_('SIP/2.0', 'SIP/7.0'), with_('OPTIONS sip:pbx.test', 'OPTIONS'), with_('sip:pbx.test', 'soap.beep://x'),
                    with_('sip:pbx.test', 'sip:2001:db8::10'), with_('sip:pbx.test', 'sip:[2001:db8:::192.0.2.1]'), with_('sip:pbx.test', 'sip:%00@pbx.test'))
        for name in ('Via', 'From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards'):
            yield re.sub(rf'{name}: [^\r]*\r\n'.encode(), b'', whole, count=1)
            yield re.sub(rf'{name}: [^\r]*\r\n'.encode(), f'{name}:\r\n'.encode(), whole, count=1)
            yield re.sub(rf'({name}: [^\r]*\r\n)'.encode(), rb'\1\1', whole, count=1)
        yield from (re.sub(rb'CSeq: \d+', b'CSeq: ' + n, whole) for n in (b'36893488147419103232', b'-1', b'x'))
        yield from (re.sub(rb'Content-Length: 0', b'Content-Length: ' + n, whole) for n in (b'-999', b'99999999999', b'5', b'x', b'0\r\nContent-Length: 7'))
        yield from (with_('branch=z9hG4bK', 'branch=;x='), with_(';tag=', ';tag'), with_('<sip:stranger@pbx.test>', '"unclosed <sip:x@y>'), with_('Max-Forwards: 70', 'Max-Forwards: 0'))
        yield with_('OPTIONS sip', 'INVITE sip').replace(b' OPTIONS\r\n', b' INVITE\r\n').replace(b'Content-Length: 0', b'Content-Type: application/sdp\r\nContent-Length: 29') + b'v=0\r\nm=audio 4000 RTP/AVP\n' + b'x=1\n'
        parts = b''.join(b'--b\r\n' + b'Content-Type: text/plain\r\n' * 40 + b'\r\nx\r\n' for _ in range(20)) + b'--b--\r\n'
        yield whole.replace(b'Content-Length: 0', b'Content-Type: multipart/mixed;boundary=b\r\nContent-Length: %d' % len(parts)) + parts
        yield b'SIP/2.0 4294967301 OK\r\n' + whole.split(b'\r\n', 1)[1]

    def test_malformed_datagrams(self):
        """Two hundred sorts of nonsense over UDP: it lives, and answers nothing but errors."""
        stranger = self.stranger()
        for data in self.datagrams():
            try: stranger.send(data)
            except OSError: pass                                # an empty datagram
        self.lives()
        answers = []
        while data := stranger.read(.2): answers.append(data.split(b'\r\n')[0])
        self.assertFalse([a for a in answers if not re.match(rb'SIP/2.0 (200|[456]\d\d) ', a)], answers)

    def test_malformed_streams(self):
        """The same over TCP, each on a connection of its own."""
        for data in list(self.datagrams()):
            stranger = self.stranger('tcp')
            stranger.send(data)
            stranger.close()
        self.lives()

    def test_a_call_survives_the_noise(self):
        """A call that is up is not disturbed by anything of this."""
        alice, bob = self.phone('101', tone=440), self.phone('102')
        out, into = self.talk(alice, bob)
        stranger = self.stranger()
        for data in self.datagrams():
            if data: stranger.send(data)
        into.wait_hears(440, since=time.monotonic())
        self.assertEqual(alice.answered(out.hang_up()).status, 200)

    def test_politeness(self):
        """Where an answer is possible it says what is wrong."""
        stranger = self.stranger()
        for old, new, status in ((b'SIP/2.0\r\nVia', b'SIP/3.0\r\nVia', 505), (b'To: <sip:pbx.test>\r\n', b'', 400),
                                 (b' OPTIONS\r\nContent', b' INVITE\r\nContent', 400), (b'OPTIONS sip:pbx.test', b'OPTIONS soap.beep://x', 400),
                                 (b'Content-Length: 0', b'Require: telepathy\r\nContent-Length: 0', 420)):
            data = self.stranger().message().replace(old, new, 1)
            self.assertEqual(stranger.status(data), status, data)

    def test_memory_does_not_grow(self):
        """Multipart bodies with repeated headers, ten thousand unanswerable requests: nothing is kept."""
        stranger = self.stranger()
        def noise(n):
            for _ in range(n):
                stranger.send(stranger.message('Content-Type: multipart/mixed;boundary=b\r\n', 1500) + (b'--b\r\n' + b'Content-Type: a/b\r\n' * 60 + b'\r\n')[:1500])
            self.lives()
        noise(500)
        before = self.memory_kb()
        noise(5000)
        self.assertLess(self.memory_kb() - before, 6000)


class TooMuch(Strangers):
    def test_too_many_headers(self):
        """More than 128 headers, a line over 2 KiB, over 16 KiB of headers: dropped, or 400 or 513; no work is done."""
        for more in ('X: y\r\n' * 200, 'X: ' + 'y' * 3000 + '\r\n', ('X: ' + 'y' * 1500 + '\r\n') * 12, 'Route: <sip:a@b' + ';x' * 700 + '>\r\n'):
            for transport in ('udp', 'tcp'):
                stranger = self.stranger(transport)
                self.assertIn(stranger.status(stranger.message(more), 1), (0, 400, 413, 513), more[:20])
        self.lives()

    def test_what_a_phone_may_send(self):
        """Within the limits all is well: 60 headers, a line of 1900 bytes."""
        stranger = self.stranger()
        self.assertEqual(stranger.status(stranger.message('X: y\r\n' * 60 + 'Y: ' + 'y' * 1900 + '\r\n')), 200)

    def test_over_64_kib(self):
        """A message over 64 KiB on a stream: 413 or 513, or the end of the connection, before it is read."""
        stranger = self.stranger('tcp')
        stranger.send(stranger.message(length=10_000_000))
        self.assertRegex(stranger.read() or b'SIP/2.0 513', rb'^SIP/2.0 (400|413|513)')
        self.lives()

    def test_headers_without_end(self):
        """A stream of headers that never end is closed."""
        stranger = self.stranger('tcp')
        def ended():
            try: stranger.send(b'X: ' + b'y' * 1000 + b'\r\n')
            except OSError: return True
            return False
        stranger.send(b'OPTIONS sip:pbx.test SIP/2.0\r\n')
        self.assertTrue(eventually(ended, 5, every=0))
        self.lives()

    def test_a_slow_stream(self):
        """A message in pieces of one byte is one message."""
        stranger = self.stranger('tcp')
        for byte in stranger.message()[:-1]: stranger.send(bytes([byte]))
        self.assertEqual(stranger.read(.1), b'')
        self.assertEqual(stranger.status(b'\n'), 200)

    def test_several_messages_at_once(self):
        """Two messages and a keep-alive in one segment: two answers (RFC 5626 allows a pong)."""
        stranger = self.stranger('tcp')
        stranger.send(b'\r\n\r\n' + stranger.message() + stranger.message())
        got = b''
        while got.count(b'SIP/2.0 200') < 2 and (data := stranger.read()): got += data
        self.assertEqual(got.count(b'SIP/2.0 200'), 2, got)

    def test_many_connections(self):
        """Four hundred idle connections cost little, and others are served."""
        idle = [self.stranger('tcp') for _ in range(400)]
        self.lives()
        self.assertTrue(all(s.socket.fileno() >= 0 for s in idle))

    def test_connections_that_end_in_mid_message(self):
        """Connections that break off are forgotten, descriptors too."""
        count = lambda: len(os.listdir(f'/proc/{self.node.pid}/fd'))
        before = count()
        for _ in range(100):
            stranger = self.stranger('tcp')
            stranger.send(stranger.message()[:50])
            stranger.close()
        self.lives()
        self.assertTrue(eventually(lambda: count() <= before + 8), (before, count()))


class Often(Strangers):
    more = '[limits]\nexempt = []\nrequests_per_second = 20\nban_after = 5\nban_time = 60\n'

    def test_the_rate_limit(self):
        """A source that asks too often is not answered; another one is."""
        stranger = self.stranger()
        for _ in range(300): stranger.send(stranger.message())
        answered = 0
        while stranger.read(.3): answered += 1
        self.assertLess(answered, 100)
        self.assertGreater(answered, 0)
        other = self.stranger(address='127.0.0.9')
        self.assertEqual(other.status(other.message()), 200)

    def test_the_ban(self):
        """Failed authentications ban that user at that source, and nobody else; a banned one is not answered, on any transport."""
        thief = self.phone('101', registered=False, address='127.0.0.7', transport_='udp')
        thief.password = 'guess'

        def silenced():
            try: thief.register()
            except Silence: return True
            return False
        self.assertTrue(eventually(silenced, 30, every=0), 'never banned')
        again = self.phone('101', registered=False, address='127.0.0.7', transport_='tcp')
        with self.assertRaises(Silence): again.register()
        self.assertEqual(self.phone('102', address='127.0.0.7').register().status, 200)
        self.assertEqual(self.phone('101', address='127.0.0.8').register().status, 200)
        self.assertTrue(self.node.wait_line(r'101@\S+ at 127\.0\.0\.7:\d+ is refused: wrong password'), 'the log says why')
        self.assertTrue(self.node.wait_line(r'127\.0\.0\.7: banned'), 'the log names the banned source')


class Exempt(Strangers):
    more = '[limits]\nrequests_per_second = 20\nban_after = 3\n'

    def test_loopback_is_exempt(self):
        """Loopback is neither limited nor banned by default."""
        thief = self.phone('101', registered=False)
        thief.password = 'guess'
        for _ in range(8): self.assertIn(thief.register().status, (401, 403))
        thief.password = 'secret101'
        self.assertEqual(thief.register().status, 200)
        stranger = self.stranger()
        for _ in range(60): self.assertEqual(stranger.status(stranger.message()), 200)


if __name__ == '__main__':
    main()
