#!/usr/bin/env python3
"""The program as its administrator meets it: commands, configuration, the ready line, signals."""
import datetime, fcntl, json, os, re, signal, socket, subprocess, sys, tempfile, unittest, unittest.mock

from office import Node, Phone, ROOT, SALES, STAFF, binary, directory, eventually, main


def run(*arguments, cwd=None, seconds=10):
    """(exit status, all output) of a command that ends by itself."""
    done = subprocess.run([binary(), *arguments], cwd=cwd, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


class Alone(unittest.TestCase):
    def node(self, **more):
        """A configuration; nothing runs yet."""
        node = Node(more.pop('staff', directory(STAFF)), **more)
        self.addCleanup(node.close)
        return node

    def refused(self, node, *expected):
        """check and run both refuse, naming all of these: (file, line or None, words...)."""
        for command in ('check', 'run'):
            status, said = run(command, '--config', node.config)
            self.assertEqual(status, 2, f'{command}:\n{said}')
            for file, line, *words in expected:
                place = re.escape(file) + (f':{line}\\b' if line else r':\d+')
                found = [x for x in said.splitlines() if re.search(place, x) and all(w in x for w in words)]
                self.assertTrue(found, f'{command}: no line about {file}:{line} {words} in\n{said}')


class Commands(Alone):
    def test_version_and_help(self):
        """--version and --help end with 0 and say something."""
        self.assertRegex(run('--version')[1], r'\d+\.\d+\.\d+')
        self.assertEqual(run('--version')[0], 0)
        status, said = run('--help')
        self.assertEqual(status, 0)
        for word in ('run', 'check', '--version'): self.assertIn(word, said)
        self.assertIn('--config', run('run', '--help')[1])

    def test_check_prints_the_effective_values_without_secrets(self):
        """check of a good configuration ends with 0 and shows defaults, but no password."""
        status, said = run('check', '--config', self.node().config)
        self.assertEqual(status, 0, said)
        for word in ('nonce_life', '300', 'port_min', '20000', '*68', 'recall_time', '60'): self.assertIn(word, said)
        self.assertNotIn('secret101', said)
        self.assertNotIn('secret-of-', said)

    def test_what_is_not_there_yet(self):
        """An unknown command, an unknown option, no command at all: 2, and what there is. `apply` needs a store and is not advertised."""
        for words in ((), ('apply', '--config', 'x'), ('fly',), ('run',), ('check', '--config', 'x', 'y'), ('park',), ('park', 'show', '--config', 'x')):
            status, said = run(*words)
            self.assertEqual(status, 2, f'{words}:\n{said}')
            self.assertTrue(said.strip(), words)
        for words, unknown in ((('apply', '--config', 'x', 'y'), 'apply'), (('fly',), 'fly'), (('run', '--confg', 'x'), '--confg'), (('park', 'sing'), 'sing')):
            self.assertIn(f'"{unknown}"', run(*words)[1])
        self.assertNotIn('apply', run('--help')[1])

    def test_device_profiles_beside_the_configuration(self):
        """device-profiles.toml is read, its mistakes are refused with file, line and nearest key."""
        node = self.node()
        node.write('device-profiles.toml', '[[profile]]\nname = "acme"\nuser_agents = ["Acme"]\nchanel = "off"\n')
        self.refused(node, ('device-profiles.toml', 4, 'chanel', 'channel'))
        node.write('device-profiles.toml', '[[profile]]\nname = "acme"\nuser_agents = ["Acme"]\nchannel = "off"\n')
        status, said = run('check', '--config', node.config)
        self.assertEqual(status, 0, said)
        self.assertIn('device-profiles.toml', said)

    def test_check_of_a_missing_file(self):
        """A file that is not there is a wrong configuration: 2, and its name."""
        for command in ('check', 'run'):
            status, said = run(command, '--config', '/nonexistent/node.toml')
            self.assertEqual(status, 2, said)
            self.assertIn('/nonexistent/node.toml', said)

    def test_paths_are_relative_to_the_file(self):
        """Wherever it is started from."""
        node = self.node()
        status, said = run('check', '--config', node.config, cwd='/')
        self.assertEqual(status, 0, said)
        for name in ('data', 'directory.toml'): self.assertIn(f'"{node.folder}/{name}"', said)

    def test_check_says_what_is_inert(self):
        """Tables without a plugin in this version are marked as such."""
        said = run('check', '--config', self.node().config)[1]
        for table in ('[http]', '[store]', '[sip.tls]', '[system_admin]'): self.assertRegex(said, re.escape(table) + ' +# inert')

    def test_check_starts_nothing(self):
        """check leaves no data directory behind."""
        node = self.node()
        run('check', '--config', node.config)
        self.assertFalse(os.path.exists(os.path.join(node.folder, 'data')))


class Mistakes(Alone):
    NODE = '''[node]
nmae = "x"
data_dir = "data"
[log]
level = "loud"
[[sip.listen]]
transport = "carrier-pigeon"
port = 70000
[media]
port_min = "low"
[directory]
seed = "directory.toml"
'''

    def test_all_mistakes_of_the_node_at_once(self):
        """Every mistake is named with file, line and key, all in one go, the unknown key with its neighbour."""
        self.refused(self.node(config=self.NODE), ('node.toml', 2, 'nmae', 'name'), ('node.toml', 5, 'level'), ('node.toml', 7, 'transport'),
                     ('node.toml', 8, 'port'), ('node.toml', 10, 'port_min'))

    def test_toml_that_is_none(self):
        """A syntax error is said with its line."""
        self.refused(self.node(config='[node]\nname = "x\n'), ('node.toml', 2))

    def test_mistakes_of_node_and_directory_together(self):
        """The directory is checked although the node configuration is wrong."""
        node = self.node(config=self.NODE, staff=directory(STAFF, call_park='recal_time = 5'))
        self.refused(node, ('node.toml', 2, 'nmae'), ('directory.toml', None, 'recal_time', 'recall_time'))

    def directory_refused(self, *words, staff=STAFF, **more):
        self.refused(self.node(staff=directory(staff, **more)), ('directory.toml', None, *words))

    def test_a_recall_time_out_of_range(self):
        """recall_time is 5 to 3600 or 0."""
        self.directory_refused('recall_time', call_park='recall_time = 3')

    def test_an_unknown_recall_to(self):
        """recall_to is one of four words."""
        self.directory_refused('recall_to', call_park='recall_to = "NOBODY"')

    def test_a_final_nobody_has(self):
        """final is HANGUP or a number of the tenant."""
        self.directory_refused('final', '999', call_park='final = "999"')

    def test_a_final_that_is_a_code(self):
        """final may not be a feature access code: that could go round for ever."""
        self.directory_refused('final', call_park='final = "*68"')

    def test_a_recall_number_nobody_has(self):
        """recall_number exists in the tenant."""
        self.directory_refused('recall_number', call_park='recall_to = "NUMBER"\nrecall_number = "999"')

    def test_a_recall_ring_group_that_does_not_exist(self):
        """recall_ring_group exists in the tenant."""
        self.directory_refused('recall_ring_group', call_park='recall_to = "RING_GROUP_ONLY"\nrecall_ring_group = "600"')

    def test_a_ring_group_without_members(self):
        """A ring group to which recalls go has members."""
        self.directory_refused('members', call_park='recall_to = "RING_GROUP_ONLY"\nrecall_ring_group = "600"',
                               more='[[tenant.ring_group]]\nnumber = "600"\nname = "Desk"\nmembers = []\n')

    def test_music_for_ever(self):
        """recall_time and max_park_time both 0 would leave a party in music for ever."""
        self.directory_refused('max_park_time', call_park='recall_time = 0\nmax_park_time = 0')

    def test_a_number_twice(self):
        """Extensions, ring groups and extension_number share one number space."""
        self.directory_refused('101', staff=STAFF + [('101', 'Again')])
        self.directory_refused('666', staff=STAFF + [('666', 'Service')])

    def test_a_member_of_two_groups(self):
        """An extension is in at most one call park group."""
        group = '[[tenant.call_park_group]]\nname = "{}"\nmembers = ["101", "102"]\n'
        self.directory_refused('102', more=group.format('A') + group.format('B').replace('"101", ', ''))

    def test_a_member_nobody_is(self):
        """A group's member is an extension."""
        self.directory_refused('199', more='[[tenant.call_park_group]]\nname = "A"\nmembers = ["199"]\n')

    def test_a_code_that_begins_another(self):
        """No feature access code is the beginning of another."""
        self.directory_refused('*6', codes='CALL_PARK = "*6"\nCALL_RETRIEVE = "*68"')

    def test_a_code_without_a_star(self):
        """Feature access codes begin with * or #."""
        self.directory_refused('68', codes='CALL_PARK = "68"')

    def test_a_plugin_that_does_not_exist(self):
        """A plugin that is asked for and cannot be found is a mistake."""
        self.refused(self.node(more='[plugins]\nload = ["media", "telepathy"]\n'), ('node.toml', None, 'telepathy'))


class Office(Alone):
    """A node that runs, and phones."""
    def start(self, **more):
        node = self.node(**more).start()
        self.addCleanup(node.stop)
        return node

    def phone(self, node, number, **more):
        phone = Phone(number, 'secret' + number, node.server(), **more)
        self.addCleanup(phone.close)
        self.assertEqual(phone.register().status, 200)
        return phone

    def alive(self, node):
        phone = Phone('101', 'secret101', node.server())
        self.addCleanup(phone.close)
        return phone.request('OPTIONS').status == 200


class Running(Office):
    def test_the_ready_line(self):
        """One raw line, one listener after the other in file order, udp and tcp of one address with one number, within 2 s."""
        node = self.start(level='error')
        line = node.wait_line(r'^ready ')
        self.assertRegex(line, r'^ready sip\.udp=127\.0\.0\.1:\d+ sip\.tcp=127\.0\.0\.1:\d+( http=\S+)?$')
        self.assertEqual(node.server('udp'), node.server('tcp'))
        self.assertLess(node.ready_after, 2)

    def test_systemd_is_told(self):
        """sd_notify: READY=1 when it is ready, STOPPING=1 when it stops."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(folder + '/notify')
            systemd.settimeout(5)
            with unittest.mock.patch.dict(os.environ, NOTIFY_SOCKET=folder + '/notify'): node = self.start()
            self.assertEqual(systemd.recv(100), b'READY=1')
            node.stop()
            self.assertEqual(systemd.recv(100), b'STOPPING=1')

    def test_the_ready_line_in_json(self):
        """Where the log is JSON the ready line is the message of an event, whatever the level; every line is one object."""
        for level in ('info', 'error'):
            node = self.start(level=f'{level}"\nformat = "json')
            node.stop()
            events = [json.loads(x) for x in node.lines]
            ready = [x for x in events if x['message'].startswith('ready sip.udp=127.0.0.1:')]
            self.assertEqual(len(ready), 1)
            self.assertEqual(set(ready[0]), {'time', 'level', 'area', 'message'})

    def test_nobody_reads_its_log(self):
        """stderr is a pipe of 4 KiB that nobody reads: the node goes on answering, and ends in time. What was dropped is counted."""
        node = self.node(level='trace')
        read, written = os.pipe()
        fcntl.fcntl(written, fcntl.F_SETPIPE_SZ, 4096)
        process = subprocess.Popen([binary(), 'run', '--config', node.config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=written)
        self.addCleanup(process.kill)
        os.close(written)
        with os.fdopen(read) as log:
            line = next(x for x in log if x.startswith('ready'))
            node.ready = dict(word.split('=', 1) for word in line.split()[1:])
            phone = self.phone(node, '101')
            for _ in range(3000): self.assertEqual(phone.request('OPTIONS').status, 200)
            process.send_signal(signal.SIGTERM)
            text = log.read()
            self.assertEqual(process.wait(3), 0)
        self.assertRegex(text, r'warn \[kernel\] \d+ lines of the log were dropped')
        self.assertIn('stopping', text)

    def test_it_ends_though_nobody_reads_its_log(self):
        """SIGTERM, stderr full: 0 within 2 s."""
        node = self.node(level='trace')
        read, written = os.pipe()
        self.addCleanup(os.close, read)
        fcntl.fcntl(written, fcntl.F_SETPIPE_SZ, 4096)
        os.write(written, b'x' * 4096)
        process = subprocess.Popen([binary(), 'run', '--config', node.config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=written)
        os.close(written)
        self.addCleanup(process.kill)
        self.assertTrue(eventually(lambda: run('park', 'list', '--config', node.config)[0] == 0))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(2.5), 0)

    def taken(self, kind, word, shared=False):
        with socket.socket(socket.AF_INET, kind) as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
            other.bind(('127.0.0.1', 0))
            if kind == socket.SOCK_STREAM: other.listen()
            port = other.getsockname()[1]
            node = self.node(ports=(port, port)).launch()
            self.assertEqual(node.process.wait(5), 1, node.text())
            self.assertTrue(node.wait_line(str(port)), node.text())
            self.assertFalse([x for x in node.lines if x.startswith('ready')], word)

    def test_a_udp_port_that_is_taken(self):
        """A UDP port that another process holds: exit 1, the port is named."""
        self.taken(socket.SOCK_DGRAM, 'udp')

    def test_a_tcp_port_that_is_taken(self):
        """A TCP port that another process holds: exit 1, the port is named."""
        self.taken(socket.SOCK_STREAM, 'tcp')

    def test_a_port_that_is_shared_by_others(self):
        """Whoever holds it with SO_REUSEPORT holds it: Parkway takes no part of somebody else's packets."""
        self.taken(socket.SOCK_DGRAM, 'udp', True)
        self.taken(socket.SOCK_STREAM, 'tcp', True)

    def test_a_second_signal(self):
        """A second SIGTERM ends it at once, with 0."""
        node = self.start()
        node.send_signal(signal.SIGTERM)
        status, took = node.stop()
        self.assertEqual(status, 0)
        self.assertLess(took, 2)

    def test_two_of_the_program_on_one_port(self):
        """Shared sockets hide nothing: a second Parkway on the same port ends with 1, the first goes on."""
        first = self.start()
        port = first.server()[1]
        second = self.node(ports=(port, port)).launch()
        self.assertEqual(second.process.wait(5), 1, second.text())
        self.assertTrue(self.alive(first))

    def test_a_data_dir_in_use(self):
        """A data_dir that another Parkway uses: exit 1, and the directory is named."""
        first = self.start()
        second = self.node()
        second.write('node.toml', second.read('node.toml').replace('"data"', f'"{first.folder}/data"'))
        second.launch()
        self.assertEqual(second.process.wait(5), 1, second.text())
        self.assertTrue(second.wait_line(r'/data'), second.text())
        self.assertTrue(self.alive(first))

    def ends(self, number):
        node = self.start()
        alice, bob, carol = (self.phone(node, n) for n in ('101', '102', '104'))
        out = alice.call('102')
        into = bob.next_call()
        into.answer()
        out.wait_up(), into.wait_up()
        ringing = carol.call('101')
        alice.next_call().ring()
        status, took = node.stop(number)
        self.assertEqual(status, 0, node.text())
        self.assertLess(took, 2)
        for call in (out, into, ringing): self.assertEqual(call.wait_over(1).ended_by, 'them')

    def test_sigterm_says_goodbye(self):
        """SIGTERM with calls up: BYE to both phones, the ringing call is refused, exit 0 within 2 s."""
        self.ends(signal.SIGTERM)

    def test_sigint_says_goodbye(self):
        """SIGINT does the same."""
        self.ends(signal.SIGINT)

    def test_sighup_with_a_broken_file(self):
        """A broken file leaves everything as it was, says so, and drops no call."""
        node = self.start()
        alice, bob = self.phone(node, '101'), self.phone(node, '102')
        out = alice.call('102')
        into = bob.next_call()
        into.answer()
        out.wait_up()
        good = node.read('node.toml')
        for broken in (good.replace('[node]', '[node'), good.replace('name =', 'nmae ='), good.replace('"debug"', '"loud"')):
            before = len(node.lines)
            node.write('node.toml', broken)
            node.send_signal(signal.SIGHUP)
            self.assertTrue(node.wait_line(r'node\.toml', since=before), node.text())
            self.assertTrue(self.alive(node))
        out.hang_up()
        self.assertEqual(into.wait_over().ended_by, 'them')

    def test_sighup_changes_what_can_change(self):
        """The log level changes; a listener does not, and the log says so."""
        node = self.start(level='error')
        text = node.read('node.toml')
        node.write('node.toml', text.replace('"error"', '"info"').replace('[[sip.listen]]', '[[sip.listen]]\nadvertise = "192.0.2.1"', 1))
        node.send_signal(signal.SIGHUP)
        self.assertTrue(node.wait_line(r'sip\.listen'), node.text())
        node.stop()
        self.assertTrue(node.wait_line(r'\binfo\b'), 'nothing is logged at info:\n' + node.text())

    def test_sighup_changes_the_directory(self):
        """Who is new may register, who is gone is nobody; the call that is up stays up, and what is parked stays parked."""
        node = self.start()
        alice, bob, carol = (self.phone(node, n) for n in ('101', '102', '104'))
        first = alice.call('102')
        with_bob = bob.next_call()
        with_bob.answer()
        first.wait_up(), with_bob.wait_up()
        with_bob.refer('*68103')
        self.assertEqual(with_bob.wait_report(), 200)
        with_bob.hang_up()
        out = carol.call('102')
        into = bob.next_call()
        into.answer()
        out.wait_up(), into.wait_up()
        node.write('directory.toml', directory([x for x in STAFF if x[0] != '105'] + [('107', 'Nina')]))
        node.send_signal(signal.SIGHUP)
        self.assertTrue(node.wait_line(r'read again'), node.text())
        nina = self.phone(node, '107')
        self.assertEqual(nina.call('105').wait_final().status, 404)
        self.assertEqual((first.state, out.state), ('up', 'up'))
        taken = nina.call('*88103').wait_up()
        taken.hang_up()
        first.wait_over()
        out.hang_up()
        self.assertEqual(into.wait_over().ended_by, 'them')

    def test_a_signal_while_it_starts(self):
        """SIGTERM at any moment of the start: 0."""
        for _ in range(3):
            node = self.node().launch()
            eventually(lambda: os.path.exists(os.path.join(node.folder, 'data')), every=0.001)
            self.assertEqual(node.stop()[0], 0, node.text())

    def test_an_address_of_zeros_is_never_shown(self):
        """0.0.0.0 stands in no message; the local address of the route to the phone does."""
        node = self.start(address='0.0.0.0')
        node.ready = {k: v.replace('0.0.0.0', '127.0.0.1') for k, v in node.ready.items()}
        alice, bob = self.phone(node, '101'), self.phone(node, '102')
        out = alice.call('102')
        into = bob.next_call()
        into.answer()
        out.wait_up()
        for message in (into.incoming, out.final):
            self.assertNotIn(b'0.0.0.0', message.bytes())
            self.assertIn(b'127.0.0.1', message.bytes())

    def test_the_address_that_is_advertised(self):
        """`advertise` stands in Via, Contact and SDP."""
        node = self.node(address='0.0.0.0')
        node.write('node.toml', node.read('node.toml').replace('address = "0.0.0.0"', 'address = "0.0.0.0"\nadvertise = "192.0.2.77"'))
        node.start()
        node.ready = {k: v.replace('0.0.0.0', '127.0.0.1') for k, v in node.ready.items()}
        alice, bob = self.phone(node, '101'), self.phone(node, '102')
        alice.call('102')
        invite = bob.next_call().incoming
        for said in (invite.header('Via'), invite.header('Contact'), invite.body): self.assertIn('192.0.2.77', said)

    def test_log_lines_are_events(self):
        """One event a line; at trace every SIP message is one, without credentials."""
        node = self.start(level='trace')
        self.phone(node, '101')
        node.stop()
        self.assertFalse([x for x in node.lines if re.search(r'secret101|response="', x)])
        for words in (r'from udp 127\.0\.0\.1:\d+: REGISTER sip:', r'to udp 127\.0\.0\.1:\d+: SIP/2\.0 200 OK', r'Authorization: \*\*\*'):
            self.assertTrue([x for x in node.lines if re.search(words, x)], words)



class ParkCommand(Office):
    """`parkway park`: an administrator asks the node that runs."""

    def park(self, *words, node=None):
        """(exit status, output) of parkway park."""
        return run('park', *words, '--config', (node or self.running).config)

    def answered(self, *words):
        status, said = self.park(*words, '--json')
        self.assertEqual(status, 0, said)
        return json.loads(said)

    def parked(self, dialled, recall_time=60):
        """user106 is parked by James (103): the customer's call."""
        self.running = self.start(staff=directory(STAFF, call_park=f'recall_time = {recall_time}\nrecall_ring_time = 5', more=SALES))
        self.customer, self.bob, self.james = (self.phone(self.running, n, name=dict(STAFF)[n]) for n in ('106', '102', '103'))
        out = self.customer.call('103')
        into = self.james.next_call()
        into.answer()
        out.wait_up(), into.wait_up()
        into.refer(dialled)
        self.assertEqual(into.wait_report(), 200)
        into.hang_up()
        return out

    def test_nobody_to_ask(self):
        """Where no node runs: 1, and which data_dir was meant. The same when one has run and was killed."""
        self.assertEqual(self.park('list', node=self.node())[0], 1)
        node = self.start()
        node.process.kill()
        node.process.wait()
        status, said = self.park('list', node=node)
        self.assertEqual(status, 1)
        self.assertIn('no node is running', said)
        self.assertIn(node.folder, said)

    def test_nothing_is_parked(self):
        """An empty list says so."""
        self.running = self.start()
        self.assertEqual(self.park('list'), (0, 'No call is parked.\n'))
        self.assertEqual(self.answered('list'), {'count': 0, 'items': []})
        status, said = self.park('show', 'pk-none')
        self.assertEqual(status, 1)
        self.assertIn('pk-none', said)

    def test_a_parked_call(self):
        """list shows it in a line, show its fields, explain its timeline; once it is retrieved only explain knows it."""
        out = self.parked('*68104')
        listed = self.answered('list')
        self.assertEqual(listed['count'], 1)
        call = listed['items'][0]
        self.assertEqual({k: call[k] for k in ('slot', 'kind', 'group', 'parked', 'parker', 'state', 'retrieve_code')},
                         dict(slot='104', kind='direct', group=None, parked=dict(name='user106', number='106'), state='parked',
                              parker=dict(name='James', number='103'), retrieve_code='*88104'))
        spans = [datetime.datetime.fromisoformat(call[k].replace('Z', '+00:00')) for k in ('parked_at', 'recall_at')]
        self.assertAlmostEqual((spans[1] - spans[0]).total_seconds(), 60, delta=0.1)
        status, said = self.park('list')
        self.assertEqual(status, 0)
        head, line = said.splitlines()
        for word in (call['id'], '104', 'user106 106', 'James 103', 'parked', '*88104'): self.assertIn(word, line)
        self.assertRegex(line, r' (60|5\d) s ')
        self.assertEqual(self.answered('show', call['id']), call)
        self.assertIn('user106', self.park('show', call['id'])[1])
        taken = self.bob.call('*88104').wait_up()
        gone = lambda: self.answered('list')['count'] == 0
        self.assertTrue(eventually(gone))
        timeline = [x['what'] for x in self.answered('explain', call['id'])['timeline']]
        self.assertIn('parked at 104 by 103', timeline[0])
        self.assertEqual(timeline[-1], 'retrieved by 102')
        self.assertIn('retrieved by 102', self.park('explain', call['id'])[1])
        taken.hang_up()
        out.wait_over()

    def test_why_the_group_chose(self):
        """explain tells who was passed over, and why."""
        self.parked('*58')
        first = self.answered('list')['items'][0]
        self.assertEqual((first['slot'], first['kind'], first['group']), ('102', 'group', 'Sales'))
        other = self.phone(self.running, '105')
        out = other.call('103')
        into = self.james.next_call()
        into.answer()
        out.wait_up(), into.wait_up()
        into.refer('*58')
        self.assertEqual(into.wait_report(), 200)
        second = self.answered('list')['items'][1]
        self.assertEqual(second['slot'], '103')
        timeline = '\n'.join(x['what'] for x in self.answered('explain', second['id'])['timeline'])
        self.assertIn('102 passed over: a call is parked there', timeline)
        self.assertIn('104 passed over: not registered', timeline)
        self.assertIn('103 chosen in the group Sales', timeline)

    def test_why_it_is_recalled(self):
        """explain tells of each step of a recall."""
        self.parked('*68104', recall_time=5)
        call = self.answered('list')['items'][0]
        back = self.james.next_call(8)
        self.assertEqual(self.answered('show', call['id'])['state'], 'recalling')
        self.assertIsNone(self.answered('show', call['id'])['recall_at'])
        back.refuse(486)
        said = lambda: next((t for t in ['\n'.join(x['what'] for x in self.answered('explain', call['id'])['timeline'])] if 'again in' in t), None)
        timeline = eventually(said)
        self.assertRegex(timeline, r'(?s)recall_time.*5 s.*ringing 103.*103: busy \(486\).*again in 10 s')
        self.assertEqual(self.answered('show', call['id'])['state'], 'parked')

    def test_with_a_broken_configuration(self):
        """A node is found although its file was broken after its start."""
        self.running = self.start()
        text = self.running.read('node.toml')
        self.running.write('node.toml', text.replace('level = ', 'lvl = '))
        self.assertEqual(self.park('list')[0], 0)

    def test_the_door_is_locked(self):
        """The socket is for the user of the node alone; who asks nonsense hears so, and who says nothing holds nobody up for long."""
        self.running = self.start()
        path = os.path.join(self.running.folder, 'data', 'control')
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with socket.socket(socket.AF_UNIX) as silent, socket.socket(socket.AF_UNIX) as odd:
            silent.connect(path)
            odd.connect(path)
            odd.sendall(b'open sesame\n')
            self.assertEqual(self.park('list')[0], 0)
            self.assertRegex(odd.recv(1000), rb'^1 ')
            self.assertTrue(self.alive(self.running))


class Demo(unittest.TestCase):
    def test_the_story(self):
        """tools/run --demo plays DPark, GPark, a race and a recall, and ends by itself with 0."""
        story = os.path.join(ROOT, 'tools', 'demo', 'story.py')
        done = subprocess.run([sys.executable, '-B', story, '--binary', binary(), '--pause', '0'], capture_output=True, text=True, timeout=90)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for words in ('DPark', 'GPark', '|| CallPark', 'Retrieve  Cancel', 'lamp on', 'lamp off', 'Recall: user106', 'REFER to *68103',
                      'REFER to *58', '404'):
            self.assertIn(words, done.stdout)


if __name__ == '__main__':
    main()
