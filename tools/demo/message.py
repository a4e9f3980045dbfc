"""SIP messages as a phone reads and writes them (RFC 3261 §7), and the answer to a challenge."""
import hashlib, os, re

COMPACT = dict(v='via', f='from', t='to', i='call-id', m='contact', l='content-length', c='content-type', k='supported',
               r='refer-to', b='referred-by', o='event', u='allow-events', s='subject', x='session-expires', e='content-encoding')
ALGORITHMS = {'MD5': hashlib.md5, 'SHA-256': hashlib.sha256}


class Message:
    """One request or answer. Headers keep their order and spelling; names are looked up in lower case."""

    def __init__(self, start, headers, body=''):
        self.start, self.headers, self.body = start, headers, body
        words = start.split(' ', 2)
        self.is_request = not start.startswith('SIP/')
        self.method = words[0] if self.is_request else self.cseq[1]
        self.uri = words[1] if self.is_request else ''
        self.status = 0 if self.is_request else int(words[1])

    @staticmethod
    def parse(data):
        head, _, body = data.decode('utf-8', 'replace').partition('\r\n\r\n')
        start, *lines = re.sub(r'\r\n[ \t]+', ' ', head).split('\r\n')
        return Message(start, [tuple(x.strip() for x in line.split(':', 1)) for line in lines if ':' in line], body)

    def all(self, name):
        return [v for n, v in self.headers if COMPACT.get(n.lower(), n.lower()) == name.lower()]

    def header(self, name):
        """The first header of that name, or ''."""
        return next(iter(self.all(name)), '')

    @property
    def cseq(self):
        number, _, method = self.header('CSeq').partition(' ')
        return int(number or 0), method.strip()

    @property
    def call_id(self): return self.header('Call-ID')

    @property
    def branch(self): return parameter(self.header('Via'), 'branch')

    @property
    def key(self):
        """What tells a transaction of this phone from others."""
        return self.branch, self.cseq[1]

    def bytes(self):
        body = self.body.encode()
        lines = [self.start] + [f'{n}: {v}' for n, v in self.headers] + [f'Content-Length: {len(body)}', '', '']
        return '\r\n'.join(lines).encode() + body

    def __repr__(self): return self.start


def uri_of(value):
    """The URI of a From, To, Contact or Refer-To."""
    found = re.search(r'<([^>]*)>', value)
    return found[1] if found else value.split(';')[0].strip()


def user_of(value):
    """The user part in a URI or a header that has one."""
    found = re.search(r'sips?:([^@>;]+)@', value)
    return found[1] if found else ''


def name_of(value):
    """The display name in front of a URI."""
    return value.partition('<')[0].strip().strip('"')


def parameter(value, name):
    """A header parameter, behind the URI where that stands in brackets; '' when it has none."""
    found = re.search(rf';\s*{name}\s*=\s*("[^"]*"|[^;,\s>]+)', value.rpartition('>')[2] if '<' in value else value, re.I)
    return found[1].strip('"') if found else ''


def challenges(answer):
    """The digest challenges of a 401 or 407, in their order: (header of the answer, values)."""
    found = []
    for name, header in (('WWW-Authenticate', 'Authorization'), ('Proxy-Authenticate', 'Proxy-Authorization')):
        for text in answer.all(name):
            values = {k.lower(): v.strip('"') for k, v in re.findall(r'(\w+)\s*=\s*("[^"]*"|[^\s,]+)', text)}
            found.append((header, values))
    return found


def credentials(challenge, method, uri, user, password, count=1):
    """(name, value) of the header that answers a challenge (RFC 7616 §3.4)."""
    header, values = challenge
    algorithm = values.get('algorithm', 'MD5').upper()
    h = lambda *parts: ALGORITHMS[algorithm](':'.join(parts).encode()).hexdigest()
    ha1, ha2 = h(user, values['realm'], password), h(method, uri)
    said = dict(username=user, realm=values['realm'], nonce=values['nonce'], uri=uri)
    if 'opaque' in values: said['opaque'] = values['opaque']
    bare = dict(algorithm=algorithm)
    if 'auth' in values.get('qop', ''):
        client, nc = os.urandom(6).hex(), f'{count:08x}'
        said.update(cnonce=client, response=h(ha1, values['nonce'], nc, client, 'auth', ha2))
        bare.update(qop='auth', nc=nc)
    else:
        said['response'] = h(ha1, values['nonce'], ha2)
    return header, 'Digest ' + ', '.join([f'{k}="{v}"' for k, v in said.items()] + [f'{k}={v}' for k, v in bare.items()])
