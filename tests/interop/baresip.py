"""baresip as a phone: a directory of its own, controlled by its ctrl_tcp module."""
import json, os, signal, socket, subprocess, threading, time

from node import TOGETHER

MODULES = ('g711.so', 'aufile.so', 'aubridge.so')
CONFIG = '''poll_method epoll
sip_listen 127.0.0.1:{sip}
net_interface 127.0.0.1
call_local_timeout 30
call_max_calls 4
audio_path /usr/share/baresip
audio_source aufile,{tone}
audio_player aubridge,sink
audio_alert aubridge,alert
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
rtp_ports {rtp}-{rtp_last}
rtcp_mux no
jitter_buffer_delay 5-10
dns_server 127.0.0.1:53
module_path {modules}
{module_lines}
module_tmp uuid.so
module_tmp account.so
module_app ctrl_tcp.so
module_app menu.so
ctrl_tcp_listen 127.0.0.1:{control}
'''
ACCOUNT = '<sip:{number}@{domain}{transport}>;auth_user={number};auth_pass={password};outbound="sip:{host}:{port}{transport}";audio_codecs={codecs};regint=60\n'


class Baresip:
    """A running baresip. It takes the ports `ports` (SIP; the next is its TLS) and `ports` + 2 (control)."""

    def __init__(self, folder, number, password, server, tone, ports, rtp, codecs='pcmu,pcma', domain='pbx.test', transport='udp'):
        """tone: a WAV file it plays to whom it talks to. rtp: (first, last) of its media ports."""
        self.number, self.domain, self.rtp = number, domain, rtp
        self.folder = os.path.join(folder, 'baresip-' + number)
        os.mkdir(self.folder)
        via = '' if transport == 'udp' else f';transport={transport}'
        modules = '/usr/lib/baresip/modules'
        self.write('config', CONFIG.format(sip=ports, tone=tone, rtp=rtp[0], rtp_last=rtp[1], control=ports + 2, modules=modules,
                                           module_lines='\n'.join(f'module {m}' for m in MODULES)))
        self.write('accounts', ACCOUNT.format(number=number, domain=domain, password=password, host=server[0], port=server[1], codecs=codecs, transport=via))
        self.write('contacts', '')
        self.log = open(os.path.join(self.folder, 'log'), 'w')
        self.process = subprocess.Popen([*TOGETHER, 'baresip', '-4', '-f', self.folder, '-s'], cwd=self.folder, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        self.events, self.replies, self.changed = [], [], threading.Condition()
        self.control = self._connect(ports + 2)
        threading.Thread(target=self._read, daemon=True).start()

    def write(self, name, text):
        with open(os.path.join(self.folder, name), 'w') as f: f.write(text)

    def _connect(self, port):
        end = time.monotonic() + 10
        while True:
            try:
                made = socket.create_connection(('127.0.0.1', port), 5)
                made.settimeout(None)                           # it is silent for as long as nothing happens
                return made
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None: raise AssertionError('baresip does not start:\n' + self.said())
                time.sleep(.05)                                 # nobody announces that the port is open

    def _read(self):
        """Netstrings with one JSON object each."""
        buffer = b''
        while True:
            try: data = self.control.recv(65536)
            except OSError: return
            if not data: return
            buffer += data
            while (colon := buffer.find(b':')) > 0 and len(buffer) >= colon + 2 + (size := int(buffer[:colon])):
                said, buffer = json.loads(buffer[colon + 1:colon + 1 + size]), buffer[colon + 2 + size:]
                with self.changed:
                    (self.replies if said.get('response') else self.events).append(said)
                    self.changed.notify_all()

    def command(self, command, parameters='', seconds=5):
        """Its reply's text."""
        said = json.dumps(dict(command=command, params=parameters, token=command)).encode()
        with self.changed:
            before = len(self.replies)
            self.control.sendall(b'%d:%s,' % (len(said), said))
            if not self.changed.wait_for(lambda: len(self.replies) > before, seconds): raise AssertionError(f'baresip {self.number}: no reply to {command}')
            return self.replies[-1].get('data', '')

    def mark(self):
        """To give to wait(): what has happened until now does not count."""
        return len(self.events)

    def wait(self, kind, since=0, seconds=10):
        """The first event of that kind."""
        found = lambda: next((e for e in self.events[since:] if e.get('type') == kind), None)
        with self.changed:
            if not self.changed.wait_for(found, seconds):
                raise AssertionError(f'baresip {self.number}: no {kind} within {seconds} s; {[e.get("type") for e in self.events[since:]]}\n{self.said()}')
            return found()

    def said(self, last=6000):
        self.log.flush()
        with open(os.path.join(self.folder, 'log'), errors='replace') as f: return f.read()[-last:]

    def close(self):
        """A second SIGTERM forces it out when it waits for an answer to its un-REGISTER."""
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None: break
            self.process.send_signal(number)
            try: self.process.wait(2)
            except subprocess.TimeoutExpired: pass
        self.control.close()
        self.log.close()
