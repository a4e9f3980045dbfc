"""SIPp scenarios for load and for tests, written when they are needed: TEXTS[name]() is the XML.

Rows of a client's injection file: number;[authentication ...];what it dials. Callees are known by the number in their contact.
One rule of SIPp shapes all of this: a message that comes while SIPp stands at anything but a <recv> is unexpected; so where
Parkway may speak, one <send> at most stands between two groups of <recv>."""

SERVER = 'sip:[remote_ip]:[remote_port]'
ALLOW = 'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY, UPDATE, INFO\n'
COPIED = '[last_Via:]\n[last_Record-Route:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n[last_CSeq:]\n'
OVER = 99                                                       # label: the call is over


def session(version=1, direction='sendrecv'):
    return ('Content-Type: application/sdp\nContent-Length: [len]\n\n'
            f'v=0\no=- 1 {version} IN IP[local_ip_type] [local_ip]\ns=-\nc=IN IP[media_ip_type] [media_ip]\nt=0 0\n'
            'm=audio [media_port] RTP/AVP 0 101\na=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\na=fmtp:101 0-15\n'
            f'a={direction}\n')


class Dialog:
    """How requests of one dialog begin. Texts may hold SIPp's keywords."""

    def __init__(self, us, them, call_id='[call_id]', target='[next_url]', routes='[routes]\n'):
        self.us, self.them, self.call_id, self.target, self.routes = us, them, call_id, target, routes

    def request(self, method, cseq, more='', body='', target=None, fresh=False):
        """fresh: it opens the dialog; no routes, no remote tag."""
        return (f'{method} {target or self.target} SIP/2.0\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch={self.branch}\n'
                f'{"" if fresh else self.routes}Max-Forwards: 70\nFrom:{self.us}\nTo:{self.them}{"" if fresh else self.remote_tag}\n'
                f'Call-ID: {self.call_id}\nCSeq: {cseq} {method}\n{more}{body or "Content-Length: 0" + chr(10)}')

    remote_tag, branch = '', '[branch]'


class Calling(Dialog):
    remote_tag = '[peer_tag_param]'


class Called(Dialog):
    """SIPp gives all calls from outside of a client the same branches."""
    branch = '[branch]x[call_id]'


class Script:
    """A scenario in the making."""

    def __init__(self, name): self.name, self.steps = name, []

    def add(self, step):
        self.steps.append(step)
        return self

    def send(self, text, **attributes): return self.add(f'<send{spell(attributes)}><![CDATA[\n{text}\n]]></send>')
    def label(self, number): return self.add(f'<label id="{number}"/>')

    def receive(self, what, *actions, **attributes):
        kind = 'response' if isinstance(what, int) else 'request'
        inside = f'<action>{"".join(actions)}</action>' if actions else ''
        return self.add(f'<recv {kind}="{what}"{spell(attributes)}>{inside}</recv>')

    def maybe(self, what, *actions, **attributes): return self.receive(what, *actions, optional='true', **attributes)

    def respond(self, status, user='', tag='', body='', **attributes):
        contact = f'Contact: <sip:{user}@[local_ip]:[local_port];transport=[transport]>\n' if user else ''
        return self.send(f'SIP/2.0 {status}\n{COPIED.format(tag=tag)}{contact}{body or "Content-Length: 0" + chr(10)}', **attributes)

    def acknowledge_refusal(self, dialled):
        return self.send(f'ACK sip:{dialled}@[remote_ip]:[remote_port] SIP/2.0\n[last_Via:]\nMax-Forwards: 70\n[last_From:]\n[last_To:]\n'
                         '[last_Call-ID:]\nCSeq: [last_cseq_number] ACK\nContent-Length: 0\n')

    def serve(self, at, user, otherwise, *also, quiet=None, then=None):
        """Label `at`: answers what Parkway may ask within a dialog and comes back, until `otherwise` (the last, mandatory <recv>) comes.
        also: optional <recv>s in front of it. quiet: ms of silence, after which it goes on at `then`. Uses labels at + 1, at + 2."""
        clock = dict(timeout=quiet, ontimeout=then) if quiet else {}
        self.label(at).maybe('INVITE', next=at + 1, **clock).maybe('ACK', next=at)
        for method in ('UPDATE', 'INFO', 'OPTIONS'): self.maybe(method, next=at + 2)
        for step in also: self.add(step)
        self.add(otherwise)
        self.label(at + 1).respond('200 OK', user, body=session(2), next=at)
        return self.label(at + 2).respond('200 OK', next=at)

    def xml(self):
        return ('<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="%s">\n%s\n</scenario>\n' % (self.name, '\n'.join(self.steps)))


def spell(attributes): return ''.join(f' {k}="{v}"' for k, v in attributes.items() if v is not None)


def find(pattern, into, header=None, must='true'):
    where = f'search_in="hdr" header="{header}:"' if header else 'search_in="msg"'
    return f'<ereg regexp="{pattern}" {where} check_it="{must}" assign_to="{into}"/>'


def recv(method, next_, *actions, optional=True, **attributes):
    return Script('').receive(method, *actions, next=next_, **(dict(optional='true') if optional else {}), **attributes).steps[0]


# ---- without a dialog

ME = ' <sip:[field0]@[remote_ip]>;tag=[pid]c[call_number]'
CONTACT = 'Contact: <sip:[field0]@[local_ip]:[local_port];transport=[transport]>\n'


def register(stays=False):
    """REGISTER, 401, REGISTER with credentials, 200. stays: then waits -d ms, so that calls come down the same connection."""
    dialog = Dialog(ME, ' <sip:[field0]@[remote_ip]>')
    said = CONTACT + '{}Expires: 3600\nUser-Agent: bench\n'
    script = (Script('register').send(dialog.request('REGISTER', 1, said.format(''), target=SERVER, fresh=True), retrans=500, start_rtd=1)
              .maybe(100).receive(401, auth='true')
              .send(dialog.request('REGISTER', 2, said.format('[field1]\n'), target=SERVER, fresh=True), retrans=500)
              .label(5).maybe(100).maybe(401, next=5).receive(200, rtd=1))
    if stays: script.add('<pause/>')
    return script.xml()


def options():
    dialog = Dialog(ME, ' <sip:ping@[remote_ip]>')
    return (Script('options').send(dialog.request('OPTIONS', 1, CONTACT + 'Accept: application/sdp\n', target=SERVER, fresh=True), retrans=500, start_rtd=1)
            .maybe(100).receive(200, rtd=1).xml())


def watcher():
    """Subscribes to the dialogs of field2 and takes every NOTIFY, until none came for 4 s."""
    dialog = Dialog(ME, ' <sip:[field2]@[remote_ip]>')
    said = CONTACT + '{}Event: dialog\nAccept: application/dialog-info+xml\nExpires: 600\n'
    target = 'sip:[field2]@[remote_ip]:[remote_port]'
    return (Script('watcher').send(dialog.request('SUBSCRIBE', 1, said.format(''), target=target, fresh=True), retrans=500)
            .maybe(100).receive(401, auth='true')
            .send(dialog.request('SUBSCRIBE', 2, said.format('[field1]\n'), target=target, fresh=True), retrans=500)
            .serve(20, '[field0]', recv('NOTIFY', 22, optional=False), recv(100, 20), recv(200, 20), quiet=4000, then=OVER)
            .label(OVER).add('<nop/>').xml())


# ---- who calls

CALLING = Calling(ME, ' <sip:[field2]@[remote_ip]>')


def dial(name):
    """INVITE, challenged, until the ACK of the 200."""
    target = 'sip:[field2]@[remote_ip]:[remote_port]'
    said = CONTACT + '{}' + ALLOW
    script = (Script(name).send(CALLING.request('INVITE', 1, said.format(''), session(), target, fresh=True), retrans=500, start_rtd=1)
              .maybe(100).receive(401, auth='true').acknowledge_refusal('[field2]')
              .send(CALLING.request('INVITE', 2, said.format('[field1]\n'), session(), target, fresh=True), retrans=500)
              .label(5).maybe(100).maybe(180).maybe(183).maybe(401, next=5).receive(200, rrs='true', rtd=1))
    return script.send(CALLING.request('ACK', 2))


def hang_up(script, cseq=3): return script.send(CALLING.request('BYE', cseq), retrans=500).maybe(100).receive(200)


def caller():
    """Calls, talks -d ms, hangs up."""
    return hang_up(dial('caller').add('<pause/>')).xml()


def holding_caller():
    """Calls, holds by re-INVITE, waits -d ms, resumes, hangs up."""
    script = dial('holding caller')
    for cseq, direction in ((3, 'sendonly'), (4, 'sendrecv')):
        script.send(CALLING.request('INVITE', cseq, CONTACT + ALLOW, session(cseq, direction)), retrans=500)
        script.maybe(100).receive(200).send(CALLING.request('ACK', cseq)).add('<pause/>')
    return hang_up(script, 5).xml()


def patient_caller():
    """Calls, and answers whatever comes until it is hung up on: it may be parked meanwhile."""
    return dial('patient caller').serve(20, '[field0]', recv('BYE', 30, optional=False), recv('NOTIFY', 22)).label(30).respond('200 OK').xml()


def retriever():
    """Calls (*88...), hangs up when nothing came for 200 ms."""
    script = dial('retriever').serve(20, '[field0]', recv('BYE', 30, optional=False), recv('NOTIFY', 22), quiet=200, then=40)
    script.label(30).respond('200 OK', next=OVER)
    return hang_up(script.label(40)).label(OVER).add('<nop/>').xml()


# ---- who is called: $3 From and $4 To of the INVITE, $6 the number in its Request-URI

TAG = ';tag=[pid]a[call_number]'
CALLED = Called('[$4]' + TAG, '[$3]')
REMEMBER = find('.*', 3, 'From') + find('.*', 4, 'To') + find('sip:([0-9]+)@', '5,6')


def answering(name, *also):
    """Takes a call: 180, 200, ACK. Requests outside a dialog (a NOTIFY, say) go to the end of `called`."""
    return (Script(name).maybe('NOTIFY', next=90).maybe('OPTIONS', next=90).receive('INVITE', REMEMBER, *also, rrs='true')
            .add('<Reference variables="3,4,5"/>').respond('180 Ringing', '[$6]', TAG)
            .respond('200 OK', '[$6]', TAG, ALLOW + session(), retrans=500).receive('ACK'))


def called(script):
    """The end of all scenarios of callees."""
    script.label(90).respond('200 OK', tag=';tag=[pid]n[call_number]')
    return script.label(OVER).add('<timewait milliseconds="1500"/>').xml()


def goodbye(script, cseq, dialog=CALLED):
    return script.send(dialog.request('BYE', cseq), retrans=500).maybe(100).maybe(481, next=OVER).receive(200, next=OVER)


def callee():
    """Answers at once; talks until it is hung up on."""
    return called(answering('callee').serve(20, '[$6]', recv('BYE', 30, optional=False), recv('NOTIFY', 22)).label(30).respond('200 OK', next=OVER))


def refer_parker(place='[$6]'):
    """After 300 ms parks its caller by REFER to -key parkcode and its own number (or `place`); hangs up 150 ms after the outcome.
    Rung back by a recall it talks for 300 ms and hangs up. $13: it is a recall."""
    refer = CALLED.request('REFER', 1, 'Contact: <sip:[$6]@[local_ip]:[local_port];transport=[transport]>\n'
                           f'Refer-To: <sip:[parkcode]{place}@[remote_ip]:[remote_port]>\nReferred-By: <sip:[$6]@[remote_ip]>\n')
    outcome = find('SIP/2.0 [2-6][0-9][0-9]', 8, must='false')
    script = answering('parker by REFER', find('park-recall', 13, 'Alert-Info', must='false')).add('<nop next="80" test="13"/>').serve(20, '[$6]', recv('BYE', 70, optional=False), quiet=300, then=30)
    script.label(30).send(refer, retrans=500, start_rtd=1)
    answers = [recv(status, 40) for status in (100, 200)] + [recv(202, 40)]
    script.serve(40, '[$6]', recv('BYE', 70, optional=False), *answers, recv('NOTIFY', 44, outcome, rtd=1), quiet=4000, then=60)
    script.label(44).respond('200 OK', next=50, test=8)
    script.serve(45, '[$6]', recv('BYE', 70, optional=False), *answers, recv('NOTIFY', 44, outcome, rtd=1), quiet=4000, then=60)
    script.serve(50, '[$6]', recv('BYE', 70, optional=False), recv('NOTIFY', 52), quiet=150, then=60)
    goodbye(script.label(60), 2)
    script.serve(80, '[$6]', recv('BYE', 70, optional=False), recv('NOTIFY', 82), quiet=300, then=60)
    return called(script.label(70).respond('200 OK', next=OVER))


def consulting(name):
    """After 300 ms holds its caller and dials -key parkcode and its own number, as a second call of the same phone: the script until both
    are up, and the second dialog. $9: its line in users.csv, $10 and $11: Contact and To of the second call."""
    second = Called(' <sip:[$6]@[remote_ip]>;tag=[pid]p[call_number]', '[$11]', 'park///[call_id]', '[$10]', '')
    opening = Called(second.us, ' <sip:[parkcode][$6]@[remote_ip]>', second.call_id)
    target = 'sip:[parkcode][$6]@[remote_ip]:[remote_port]'
    contact = 'Contact: <sip:[$6]@[local_ip]:[local_port];transport=[transport]>\n'
    taken = find('sip:[^>]*', 10, 'Contact') + find('.*', 11, 'To')
    script = answering(name, '<lookup assign_to="9" file="users.csv" key="[$6]"/>')
    script.serve(20, '[$6]', recv('BYE', 98, optional=False), quiet=300, then=30)
    script.label(30).send(CALLED.request('INVITE', 1, contact + ALLOW, session(2, 'sendonly')), retrans=500).maybe(100).receive(200)
    script.send(CALLED.request('ACK', 1))
    script.send(opening.request('INVITE', 1, contact + ALLOW, session(), target, fresh=True), retrans=500, start_rtd=1)
    script.maybe(100).receive(401, auth='true').acknowledge_refusal('[parkcode][$6]')
    credentials = '[field1 file="users.csv" line="[$9]"]\n'
    script.send(opening.request('INVITE', 2, contact + credentials + ALLOW, session(), target, fresh=True), retrans=500)
    script.label(35).maybe(100).maybe(180).maybe(183).maybe(401, next=35).receive(200, taken, rtd=1)
    return script.send(second.request('ACK', 2)), second


def invite_parker():
    """Parks by its second call. Each of the two ends by one BYE, whoever says it. $12: the BYE was of the second."""
    script, second = consulting('parker by INVITE')
    of_second = find('park///', 12, 'Call-ID', must='false')
    # Both are up. After a BYE of the second (test 12) the held one is left, after one of the held the second.
    script.serve(40, '[$6]', recv('BYE', 44, of_second, optional=False), recv('NOTIFY', 42), quiet=300, then=70)
    script.label(44).respond('200 OK', next=60, test=12)
    script.serve(50, '[$6]', recv('BYE', 98, optional=False), recv('NOTIFY', 52), quiet=300, then=55)
    goodbye(script.label(55), 3, second)
    script.serve(60, '[$6]', recv('BYE', 98, optional=False), recv('NOTIFY', 62), quiet=2500, then=65)
    goodbye(script.label(65), 3)
    # Neither ended by itself: this phone hangs up the second; a BYE of the other may cross.
    script.label(70).send(second.request('BYE', 3), retrans=500).maybe(100).maybe('BYE', next=80).maybe(481, next=60).receive(200, next=60)
    script.label(80).respond('200 OK').maybe(481, next=OVER).receive(200, next=OVER)
    return called(script.label(98).respond('200 OK', next=OVER))


def attended_parker():
    """Transfers its caller to the code it has called, by REFER with Replaces of that call; then says 200 to everything, until nothing
    came for a second. $14: the tag of the second call's other side."""
    script, second = consulting('parker by attended transfer')
    replaces = 'park///[call_id]%3Bto-tag%3D[$14]%3Bfrom-tag%3D[pid]p[call_number]'
    script.add('<nop><action><ereg regexp="tag=(.*)" search_in="var" variable="11" check_it="true" assign_to="15,14"/></action></nop>')
    script.add('<Reference variables="15"/>')
    refer = CALLED.request('REFER', 2, 'Contact: <sip:[$6]@[local_ip]:[local_port];transport=[transport]>\n'
                           f'Refer-To: <sip:[parkcode][$6]@[remote_ip]:[remote_port]?Replaces={replaces}>\nReferred-By: <sip:[$6]@[remote_ip]>\n')
    script.send(refer, retrans=500)
    answers = [recv(status, 40) for status in (100, 200, 202, 481)]
    script.serve(40, '[$6]', recv('BYE', 42, optional=False), *answers, recv('NOTIFY', 42), quiet=1000, then=OVER)
    return called(script.label(98).respond('200 OK', next=OVER))


TEXTS = dict(register=register, registered=lambda: register(True), options=options, caller=caller, holding_caller=holding_caller,
             patient_caller=patient_caller, retriever=retriever, callee=callee, refer_parker=refer_parker, group_parker=lambda: refer_parker(''), invite_parker=invite_parker,
             attended_parker=attended_parker, watcher=watcher)
