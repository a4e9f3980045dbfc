#!/usr/bin/env python3
"""Says how to try the PBX that tools/run is about to start. Argument: its node configuration."""
import os, socket, sys, tomllib


def read(path):
    with open(path, 'rb') as f: return tomllib.load(f)


def own_address():
    """The address of this machine that phones in its network reach. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try: probe.connect(('192.0.2.1', 9))
        except OSError: return '127.0.0.1'
        return probe.getsockname()[0]


def main():
    node = read(sys.argv[1])
    staff = read(os.path.join(os.path.dirname(sys.argv[1]), node['directory']['seed']))
    tenant = staff['tenant'][0]
    codes = dict(dict(CALL_PARK='*68', GROUP_CALL_PARK='*58', CALL_RETRIEVE='*88'), **tenant.get('feature_access_codes', {}))
    ports = ', '.join(f'{x["port"]}/{x["transport"]}' for x in node['sip']['listen'])
    extensions = '\n'.join(f'    {x["number"]:<10}{x["display_name"]:<12}{x["password"]}' for x in tenant['extension'])
    groups = '\n'.join(f'  Park group {g["name"]}: {", ".join(g["members"])}' for g in tenant.get('call_park_group', []))
    park, group, retrieve = codes['CALL_PARK'], codes['GROUP_CALL_PARK'], codes['CALL_RETRIEVE']
    print(f'''
  Parkway with the demo directory. Let two or three SIP phones register:

    server    {own_address()}   (port {ports})
    domain    {tenant["domain"]}, or the address of the server

    extension name        password
{extensions}

  Try this:
    call      dial 102 from 101, and answer
    park      in the call, transfer it to {park}104: the other party hears music
    retrieve  dial {retrieve}104 on any phone, or {retrieve} on 104
    or park at your own extension with {park}, in your group with {group}
    ask       build/release/parkway park list --config {os.path.relpath(sys.argv[1])}: who is parked where
{groups}

  Ctrl-C ends it.
''', flush=True)


if __name__ == '__main__': main()
