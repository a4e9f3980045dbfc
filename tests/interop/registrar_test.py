#!/usr/bin/env python3
"""Registering: digest, bindings, flows, tenants."""
import re, time

from office import Office, directory, eventually, main
import office
from message import challenges, credentials, parameter


def minutes(answer):
    """{contact URI without brackets: expires} of a 200."""
    found = {}
    for value in answer.all('Contact'):
        for one in re.findall(r'<([^>]+)>([^,]*)', value): found[one[0]] = int(parameter(';' + one[1], 'expires') or -1)
    return found


class Registering(Office):
    second_tenant = directory([('101', 'Other Alice')], domain='other.test', name='other', default=False, first=False).replace('secret101', 'other101')

    def unregistered(self, number='101', **more): return self.phone(number, registered=False, **more)

    def challenge(self, phone, method='REGISTER', domain='pbx.test'):
        """The 401 to a request without credentials."""
        tries, phone.algorithms = phone.algorithms, ()
        answer = phone.register() if method == 'REGISTER' else phone.call('102').wait_final()
        phone.algorithms = tries
        self.assertEqual(answer.status, 401)
        return answer

    def test_both_algorithms(self):
        """MD5 and SHA-256 are offered in the order of the configuration, with qop=auth, and both are taken."""
        offered = challenges(self.challenge(self.unregistered()))
        self.assertEqual([c['algorithm'] for _, c in offered], ['MD5', 'SHA-256'])
        for _, c in offered:
            self.assertEqual((c['realm'], c['qop']), ('pbx.test', 'auth'))
        for algorithm in ('MD5', 'SHA-256'):
            phone = self.unregistered()
            phone.algorithms = (algorithm,)
            self.assertEqual(phone.register().status, 200, phone.ladder())

    def test_another_digest_uri(self):
        """The digest's own uri counts, whatever the Request-URI."""
        phone = self.unregistered()
        phone.digest_uri = 'sip:%s:%d' % phone.server
        self.assertEqual(phone.register().status, 200)

    def test_wrong_password_and_unknown_user_look_alike(self):
        """Nobody learns from an answer whether an extension exists."""
        wrong, unknown = self.unregistered('101'), self.unregistered('199')
        wrong.password = 'guess'
        shape = lambda m: [(n, re.sub(r'"[0-9A-Za-z+/=_.:-]{12,}"', '*', v)) for n, v in m.headers if n not in ('Via', 'From', 'To', 'Call-ID')]
        a, b = wrong.register(), unknown.register()
        self.assertEqual((a.status, b.status), (b.status, a.status))
        self.assertIn(a.status, (401, 403))
        self.assertEqual(shape(a), shape(b))

    def test_credentials_of_another_extension(self):
        """101's password does not register 102."""
        phone = self.unregistered('102')
        phone.user, phone.password = '101', 'secret101'
        self.assertEqual(phone.register().status, 403)

    def test_a_nonce_of_another_tenant(self):
        """A nonce is bound to its tenant."""
        here, there = self.unregistered('101'), self.unregistered('101', domain='other.test')
        there.password = 'other101'
        self.assertEqual(there.register().status, 200)
        refusal = self.challenge(here)
        header, values = challenges(refusal)[0]
        values['realm'] = 'other.test'
        answer = there.register(headers=[credentials((header, values), 'REGISTER', 'sip:other.test', '101', 'other101')])
        refused = [m for _, sent, m in there.trace if not sent and m.status == 401]
        self.assertEqual(len(refused), 2, 'the foreign nonce was taken')
        self.assertEqual(answer.status, 200)

    def test_the_same_number_in_two_tenants(self):
        """Two tenants have a 101 each; each rings its own."""
        alice, other = self.phone('101'), self.unregistered('101', domain='other.test')
        other.password = 'other101'
        self.assertEqual(other.register().status, 200)
        bob = self.phone('102')
        bob.call('101')
        alice.next_call().answer()
        self.assertFalse(other.calls)
        self.assertEqual(bob.call('101', host='other.test').wait_final().status in (401, 403, 404), True)

    def test_a_domain_nobody_has(self):
        """An unknown domain (an IP address, say) is the default tenant's."""
        phone = self.unregistered('101', domain='127.0.0.1')
        phone.uri = 'sip:101@127.0.0.1'
        self.assertEqual(phone.register().status, 200, phone.ladder())

    def test_several_contacts(self):
        """Two phones of one extension: both bindings are told, each is removed alone."""
        one, two = self.phone('101'), self.phone('101')
        both = minutes(two.register())
        self.assertEqual(len(both), 2, both)
        self.assertTrue(all(60 <= s <= 120 for s in both.values()), both)
        self.assertEqual(len(minutes(one.register(contact=''))), 2)
        left = minutes(one.register(expires=0))
        self.assertEqual(list(left), [two.contact().strip('<>')])

    def test_star(self):
        """Contact: * with Expires: 0 removes all; with another expiry, or beside another contact, it is refused."""
        one, two = self.phone('101'), self.phone('101')
        self.assertEqual(one.register(contact='*', expires=60).status, 400)
        self.assertEqual(minutes(one.register(contact='*', expires=0)), {})
        self.assertEqual(minutes(two.register(contact='')), {})

    def test_too_brief(self):
        """Under 60 s: 423 with Min-Expires."""
        answer = self.unregistered().register(expires=30)
        self.assertEqual((answer.status, answer.header('Min-Expires')), (423, '60'))

    def test_too_long(self):
        """Over 7200 s: shortened to that."""
        self.assertEqual(list(minutes(self.unregistered().register(expires=90000)).values()), [7200])

    def test_expires_of_the_contact(self):
        """The parameter of the contact comes before the header."""
        phone = self.unregistered()
        answer = phone.register(expires=600, contact=phone.contact() + ';expires=90;q=0.5')
        self.assertEqual(list(minutes(answer).values()), [90])

    def test_an_older_request(self):
        """The same Call-ID with an older CSeq changes nothing."""
        phone = self.phone('101')
        phone.register_cseq = 500
        phone.register()
        phone.register_cseq = 10
        self.assertGreaterEqual(phone.register(expires=0).status, 400)
        self.assertEqual(len(minutes(self.phone('101', registered=False).register(contact=''))), 1)

    def test_rport(self):
        """The answer says where the request came from (RFC 3581)."""
        phone = self.unregistered()
        via = phone.request('OPTIONS').header('Via')
        self.assertEqual((parameter(via, 'received') or '127.0.0.1', parameter(via, 'rport')), ('127.0.0.1', str(phone.line.port)))

    def test_a_contact_behind_nat(self):
        """A contact nobody can reach is rung through the flow it registered on, and hears BYE there."""
        alice, bob = self.unregistered('101'), self.phone('102')
        suffix = ';transport=tcp' if office.transport == 'tcp' else ''
        alice.contact = lambda: f'<sip:101@192.0.2.99:5062{suffix}>'
        self.assertEqual(alice.register().status, 200)
        out = bob.call('101')
        into = alice.next_call()
        into.answer()
        out.wait_up(), into.wait_up()
        out.hang_up()
        into.wait_over()

    def test_path(self):
        """A phone behind a proxy: Path is kept, told, and is the route of calls to it (RFC 3327)."""
        alice, bob = self.unregistered('101'), self.phone('102')
        path = '<sip:%s:%d;lr>' % (alice.line.address, alice.line.port)
        answer = alice.register(headers=[('Supported', 'path'), ('Path', path)])
        self.assertEqual((answer.status, answer.header('Path')), (200, path))
        bob.call('101')
        self.assertIn(path, alice.next_call().incoming.header('Route'))

    def test_unsupported_extensions(self):
        """Require of what nobody knows: 420 with Unsupported."""
        answer = self.unregistered().register(headers=[('Require', 'telepathy')])
        self.assertEqual((answer.status, answer.header('Unsupported')), (420, 'telepathy'))


class ShortNonces(Office):
    more = '[limits]\nnonce_life = 1\n'

    def test_an_old_nonce_is_stale(self):
        """A right answer to an old nonce: stale=true and a new nonce, so that the phone asks nobody for the password."""
        phone = self.phone('101', registered=False)
        phone.algorithms, algorithms = (), phone.algorithms
        old = challenges(phone.register())[0]
        phone.algorithms = algorithms
        first = phone.register(headers=[credentials(old, 'REGISTER', 'sip:pbx.test', '101', 'secret101')])
        self.assertEqual(first.status, 200)

        def stale():
            phone.register(headers=[credentials(old, 'REGISTER', 'sip:pbx.test', '101', 'secret101', 2 + int(1e3 * time.monotonic()) % 10 ** 6)])
            refusals = [m for _, sent, m in phone.trace if not sent and m.status == 401]
            return 'stale=true' in refusals[-1].header('WWW-Authenticate').lower().replace('"', '')
        self.assertTrue(eventually(stale, 6, every=.3), phone.ladder())


class NoDefaultTenant(Office):
    default = False

    def test_an_unknown_domain(self):
        """Without a default tenant, a domain nobody has is 404."""
        phone = self.phone('101', registered=False, domain='127.0.0.1')
        self.assertEqual(phone.register().status, 404)
        self.assertEqual(self.phone('101', registered=False).register().status, 200)


if __name__ == '__main__':
    main()
