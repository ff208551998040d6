# SPDX-License-Identifier: Apache-2.0
"""imprint simulate: what it starts, keeps and ends with."""

import fcntl
import json
import os
import re
import resource
import signal
import stat
import struct
import subprocess
import sys
import termios
import threading
import time
import unittest
import unittest.mock

import yaml

from sim import IMPRINT, NONCE, OWNED, ROOT, UNOWNED, Case, Signed, run, signing_key, smp


def resident_kb(pid):
    with open(f'/proc/{pid}/status', encoding='ascii') as f:
        return next(int(line.split()[1]) for line in f if line.startswith('VmRSS:'))


class Devices(Case):

    def test_a_device_tells_its_boot_log_before_the_first_frame(self):
        sim = self.simulation()
        fd = os.open(sim.link(), os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        self.assertIn(b'*** Booting', os.read(fd, 4096))
        with sim.client() as client:
            self.assertEqual(client.describe()['life'], UNOWNED)

    def test_it_answers_in_the_framing_it_was_asked_in(self):
        sim = self.simulation()
        with sim.client(framing='cobs') as client:
            self.assertIn('cobs', client.describe()['framings'])
        with sim.client(framing='console') as client:
            self.assertEqual(client.describe()['v'], [1])

    def test_without_a_csv_devices_have_numbered_test_imeis(self):
        sim = self.simulation('-n', '3')
        self.assertEqual([d['imei'] for d in sim.devices],
                         ['001010010000014', '001010010000022', '001010010000030'])
        with sim.client(2) as client:
            self.assertEqual(client.describe()['ueid'].hex(), sim.devices[1]['ueid'])

    def test_a_csv_gives_imei_serial_and_iccid(self):
        with open(self.path('d.csv'), 'w', encoding='ascii') as f:
            f.write('serial,imei,iccid,batch\nKS26-1,001010010000014,8988211000000000011,B7\n'
                    'KS26-2,001010010000022,,B7\n')
        sim = self.simulation('--csv', self.path('d.csv'))
        self.assertEqual(len(sim.devices), 2)
        with sim.client(1) as client:
            card = Signed(client.enroll(NONCE))
        self.assertEqual(card.claims[-70015],
                         {'iccid': '8988211000000000011', 'imei': '001010010000014', 'serial': 'KS26-1'})
        self.assertEqual(card.claims[256], bytes([3] + [int(d) for d in '00101001000001']))

    def test_wrong_rows_are_refused_by_name(self):
        good = '001010010000014'
        for count, rows, says in (('2', [good, good], 'same imei'), ('2', [good, '12'], '15 digits'),
                                  ('2', [good], 'fewer')):
            with open(self.path('d.csv'), 'w', encoding='ascii') as f:
                f.write('\n'.join(['imei', *rows]) + '\n')
            done = subprocess.run([IMPRINT, 'simulate', '-n', count, '--csv', self.path('d.csv'), '--state',
                                   self.path('sim')], capture_output=True, text=True, timeout=10, check=False)
            self.assertIn(done.returncode, (2, 3))
            self.assertIn(says, done.stderr)
            self.assertFalse(os.path.lexists(self.path('sim/1')))

    def test_the_factory_key_endorses_once(self):
        with self.simulation('--factory', self.key('factory')) as sim:
            with sim.client() as client:
                first = Signed(client.enroll(NONCE))
        with self.simulation() as sim:
            self.assertTrue(sim.devices[0]['endorsed'])
            with sim.client() as client:
                again = Signed(client.enroll(NONCE))
        self.assertEqual(first.unprotected[13], again.unprotected[13])
        self.assertEqual(signing_key(first), signing_key(again))
        self.assertTrue(first.verifies(signing_key(again)))

    def test_a_maker_key_is_built_in(self):
        sim = self.simulation('--maker', self.pub('maker'))
        run('enroll', '-d', sim.link(), '-o', self.path('cards'))
        run('claim', '-k', self.key('owner'), '-d', sim.link(), '--cards', self.path('cards'), status=4)
        run('claim', '-k', self.key('owner'), '--maker', self.key('maker'), '-d', sim.link(), '--cards',
            self.path('cards'))

    def test_state_survives_a_restart(self):
        with self.simulation() as sim:
            run('enroll', '-d', sim.link(), '-o', self.path('cards'))
            run('claim', '-k', self.key('owner'), '-d', sim.link(), '--cards', self.path('cards'))
            with sim.client() as client:
                before = client.describe()
        with self.simulation() as sim:
            self.assertEqual(sim.devices[0]['boot'], 2)
            with sim.client() as client:
                after = client.describe()
                evidence = Signed(client.attest(NONCE))
        self.assertEqual(before, after)
        self.assertEqual(after['life'], OWNED)
        self.assertEqual(evidence.claims[267], 2)

    def test_rows_may_change_places(self):
        """State belongs to the IMEI, not to the row."""
        rows = ['001010010000014', '001010010000022']
        keys = []
        for order in (rows, rows[::-1]):
            with open(self.path('d.csv'), 'w', encoding='ascii') as f:
                f.write('\n'.join(['imei', *order]) + '\n')
            with self.simulation('--csv', self.path('d.csv')) as sim:
                keys.append({d['imei']: d['kid'] for d in sim.devices})
        self.assertEqual(keys[0], keys[1])

    def test_keys_are_private_whatever_the_umask(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        sim = self.simulation()
        files = os.listdir(sim.dir + '/devices')
        self.assertEqual(len(files), 2)
        for name in files:
            self.assertEqual(stat.S_IMODE(os.stat(f'{sim.dir}/devices/{name}').st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(sim.dir).st_mode), 0o700)

    def test_a_second_simulation_of_a_folder_is_refused(self):
        sim = self.simulation()
        done = run('simulate', '--state', sim.dir, status=2)
        self.assertIn('another simulation', done.stderr)
        with sim.client() as client:
            client.describe()

    def test_a_state_folder_that_cannot_be_is_named(self):
        done = run('simulate', '--state', self.path('no/sim'), '--', 'true', status=2)
        self.assertIn('no/sim: No such file', done.stderr)
        os.makedirs(self.path('sim/devices'))
        with open(self.path('sim/devices/001010010000014.flash'), 'w', encoding='ascii') as f:
            f.write('mine')
        done = run('simulate', '--state', self.path('sim'), '--', 'true', status=3)
        self.assertIn('not the flash of a simulated device', done.stderr)

    def test_a_file_in_the_place_of_a_link_is_not_replaced(self):
        os.mkdir(self.path('sim'))
        with open(self.path('sim/1'), 'w', encoding='ascii') as f:
            f.write('mine')
        run('simulate', '--state', self.path('sim'), status=2)
        with open(self.path('sim/1'), encoding='ascii') as f:
            self.assertEqual(f.read(), 'mine')

    def test_a_host_that_was_killed_leaves_no_port_behind(self):
        """SIG-02: exclusive use ends with the descriptor, as on a real port."""
        sim = self.simulation()
        fd = os.open(sim.link(), os.O_RDWR | os.O_NOCTTY)
        fcntl.ioctl(fd, termios.TIOCEXCL)
        self.assertEqual(self.exclusive(fd), 1)
        os.close(fd)
        fd = os.open(sim.link(), os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        until = time.monotonic() + 2
        while self.exclusive(fd) and time.monotonic() < until:
            time.sleep(0.01)
        self.assertEqual(self.exclusive(fd), 0)

    @staticmethod
    def exclusive(fd):
        tiocgexcl = 0x80045440  # Source: Linux, asm-generic/ioctls.h
        return struct.unpack('i', fcntl.ioctl(fd, tiocgexcl, bytes(4)))[0]

    def test_ctrl_c_ends_it_and_takes_the_links_away(self):
        sim = self.simulation('-n', '2')
        sim.stop()
        self.assertEqual(os.listdir(sim.dir), ['devices'])


class Board(Case):

    def test_it_has_the_settings_that_profiles_can_name(self):
        """The firmware's table agrees with profiles/objects/."""
        wire = {'text': 'TEXT', 'apn': 'TEXT', 'link': 'TEXT', 'int': 'INT', 'uint': 'INT', 'float': 'BYTES',
                'opaque': 'BYTES', 'bool': 'BOOL'}
        expected = set()
        for path in (ROOT / 'profiles/objects').glob('*.yaml'):
            for described in yaml.safe_load_all(path.read_text(encoding='utf-8')):
                for resource in described['resources'].values():
                    expected.add((described['object'], resource['id'], wire[resource['type']],
                                  bool(resource.get('multiple'))))
        rows = re.findall(r'\{ (\d+), (\d+), IMP_T_(\w+), (\w+) \}',
                          (ROOT / 'lib/sim/settings.c').read_text(encoding='utf-8'))
        self.assertEqual({(int(o), int(r), t, m == 'true') for o, r, t, m in rows}, expected)

    def test_it_refuses_what_it_lacks_before_anything_is_written(self):
        with open(self.path('vendor.yaml'), 'w', encoding='ascii') as f:
            f.write('object: 42769\nname: vendor\nurn: "urn:oma:lwm2m:x:42769"\ninstances: single\nsource: test\n'
                    'resources: {knob: {id: 0, type: int}}\n')
        with open(self.path('p.yaml'), 'w', encoding='ascii') as f:
            f.write('imprint: 1\nprofile: p\ndomain: owner\nsequence: 1\ntarget: {imei: "001010010000014"}\n'
                    'objects: [vendor.yaml]\nsettings:\n  vendor: {knob: 5}\n')
        sim = self.simulation()
        cards = ('--cards', self.path('cards'))
        run('enroll', '-d', sim.link(), '-o', self.path('cards'))
        run('claim', '-k', self.key('owner'), '-d', sim.link(), *cards)
        run('pack', self.path('p.yaml'), '-k', self.key('owner'), *cards, '-o', self.path('packages'), status=4)
        with sim.client() as client:
            sealing = Signed(client.enroll(NONCE)).claims[-70008]
        with open(self.path('d.csv'), 'w', encoding='ascii') as f:
            f.write(f'imei,key\n001010010000014,04{sealing[-2].hex()}{sealing[-3].hex()}\n')
        run('pack', self.path('p.yaml'), '-k', self.key('owner'), '--csv', self.path('d.csv'), '-o', self.path('packages'))
        refused = run('push', '-d', sim.link(), *cards, self.path('packages'), status=4)
        self.assertIn('unsupported', refused.stderr)
        with sim.client() as client:
            self.assertEqual(client.describe()['domains'], {})

    def vendor(self, name, *objects):
        """A file of descriptions, each (number, instances, type of its one resource)."""
        with open(self.path(name), 'w', encoding='ascii') as f:
            f.write('---\n'.join(f'object: {number}\nname: vendor-{number}\nurn: "urn:oma:lwm2m:x:{number}{version}"\n'
                                 f'instances: {instances}\nsource: test\nresources: {{knob: {{id: 7, type: {kind}}}}}\n'
                                 for number, version, instances, kind in objects))
        return self.path(name)

    def pushed(self, sim, settings, sequence, objects='host.yaml', status=0):
        """The outcome of a profile with these settings, described to the host by another file."""
        with open(self.path('p.yaml'), 'w', encoding='ascii') as f:
            f.write(f'imprint: 1\nprofile: p\ndomain: owner\nsequence: {sequence}\ntarget: {{imei: "001010010000014"}}\n'
                    f'objects: [{objects}]\nsettings: {settings}\n')
        run('pack', self.path('p.yaml'), '-k', self.key('owner'), '--cards', self.path('cards'), '--force', '-o', self.path('packages'))
        return run('push', '-d', sim.link(), '--cards', self.path('cards'), self.path('packages'), status=status).stderr

    def test_a_vendors_objects_come_from_descriptions(self):
        """They stand in the card, ascending, with their versions; what is in them is judged as the rest is."""
        files = [self.vendor('a.yaml', (42770, ':1.3', 'multiple', 'int'), (5, '', 'single', 'text')),
                 self.vendor('b.yaml', (42769, ':x.1', 'single', 'float'))]
        sim = self.simulation('--vendor', files[0], '--vendor', files[1])
        with sim.client() as client:
            card = Signed(client.enroll(NONCE)).claims
        self.assertEqual(list(card[-70009].items()), [(0, '1.2'), (1, '1.2'), (5, '1.0'), (10, '1.1'), (11, '1.1'), (13, '1.1'), (18, '1.0'),
                                                      (21, '2.0'), (42769, '1.0'), (42770, '1.3')])
        run('enroll', '-d', sim.link(), '-o', self.path('cards'))
        run('claim', '-k', self.key('owner'), '-d', sim.link(), '--cards', self.path('cards'))
        self.vendor('host.yaml', (42770, '', 'multiple', 'int'), (42769, '', 'multiple', 'float'))
        self.vendor('wrong.yaml', (42770, '', 'multiple', 'text'), (42769, '', 'multiple', 'bool'))
        self.pushed(sim, '{vendor-42770/3: {knob: 5}, vendor-42769/0: {knob: 0.5}}', 1)
        for settings in ('{vendor-42770/3: {knob: five}}', '{vendor-42769/0: {knob: true}}'):
            self.assertIn('malformed', self.pushed(sim, settings, 2, 'wrong.yaml', status=3))
        self.assertIn('unsupported', self.pushed(sim, '{vendor-42769/1: {knob: 0.5}}', 2, status=4))
        with open(self.path('other.yaml'), 'w', encoding='ascii') as f:
            f.write('{object: 42770, name: vendor-42770, instances: multiple, source: test, resources: {knob: {id: 8, type: int}}}\n')
        self.assertIn('unsupported', self.pushed(sim, '{vendor-42770/3: {knob: 5}}', 2, 'other.yaml', status=4))
        with sim.client() as client:
            self.assertEqual([d[1] for d in client.describe()['domains'].values()], [1])

    def test_descriptions_that_cannot_be(self):
        many = self.vendor('many.yaml', *((40000 + i, '', 'single', 'int') for i in range(33)))
        for name, status, says in ((self.vendor('a.yaml', (10, '', 'single', 'int')), 2, 'object 10 (vendor-10): is one that the devices have'),
                                   (self.vendor('b.yaml', (42769, '', 'single', 'word')), 3, 'b.yaml:6:'),
                                   (many, 2, '33 vendor objects, at most 32'), (self.path('none.yaml'), 2, 'none.yaml')):
            done = subprocess.run([IMPRINT, 'simulate', '--state', self.path('sim'), '--vendor', name, '--', 'true'],
                                  capture_output=True, text=True, timeout=10, check=False)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(says, done.stderr)
        self.vendor('c.yaml', *((40000 + i, ':12.3456', 'single', 'int') for i in range(32)))
        self.simulation('--vendor', self.path('c.yaml'))


class Command(Case):

    def simulate(self, *command, **options):
        return subprocess.run([IMPRINT, 'simulate', '-n', '2', '--state', self.path('sim'), '--', *command],
                              capture_output=True, text=True, timeout=20, check=False,
                              env=os.environ | {'IMPRINT_DEVICE': 'elsewhere'}, **options)

    def test_its_status_is_the_status(self):
        self.assertEqual(self.simulate('sh', '-c', 'exit 7').returncode, 7)
        self.assertEqual(self.simulate('true').returncode, 0)
        self.assertEqual(self.simulate('sh', '-c', 'kill -KILL $$').returncode, 128 + 9)
        self.assertEqual(self.simulate('/no/such/program').returncode, 127)

    def test_it_finds_the_devices_and_no_other(self):
        done = self.simulate('sh', '-c', 'ls "$IMPRINT_SIM"; echo ${IMPRINT_DEVICE-unset}')
        self.assertEqual(done.stdout.split(), ['1', '2', 'devices', 'unset'])
        self.assertEqual(os.listdir(self.path('sim')), ['devices'])

    def test_it_gets_the_process_as_it_was(self):
        """nohup's SIGHUP stays ignored; the limits are those of the shell, not what a fleet needs."""
        def before():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
            resource.setrlimit(resource.RLIMIT_CORE, (4096, 8192))
        ask = ('import resource, signal; print(resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CORE)); '
               'print(open("/proc/self/status").read())')
        # A sanitizer takes core files away before main: not here.
        sanitizer = os.environ.get('ASAN_OPTIONS', '') + ':disable_coredump=0'
        with unittest.mock.patch.dict(os.environ, ASAN_OPTIONS=sanitizer):
            done = self.simulate(sys.executable, '-S', '-c', ask, preexec_fn=before)
        self.assertEqual(done.stdout.splitlines()[0], '(200, 300) (4096, 8192)')
        ignored = int(re.search(r'^SigIgn:\s*(\w+)', done.stdout, re.M)[1], 16)
        self.assertTrue(ignored >> (signal.SIGHUP - 1) & 1)
        self.assertFalse(ignored >> (signal.SIGTERM - 1) & 1)

    def test_it_talks_to_the_devices(self):
        done = self.simulate(sys.executable, '-c', 'import os, sys; sys.path.insert(0, sys.argv[1]); import smp\n'
                             'print(smp.Client(os.environ["IMPRINT_SIM"] + "/2").describe()["life"])',
                             os.path.dirname(smp.__file__))
        self.assertEqual((done.stdout, done.returncode), (f'{UNOWNED}\n', 0))

    def test_a_signal_is_handed_on(self):
        process = subprocess.Popen([IMPRINT, 'simulate', '--state', self.path('sim'), '--', 'sh', '-c',
                                    'trap "exit 5" TERM; echo up; while :; do sleep 0.05; done'],
                                   stdout=subprocess.PIPE, text=True)
        with process:
            self.assertEqual(process.stdout.readline(), 'up\n')
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=10), 5)


class Load(Case):

    def test_eight_devices_answer_in_parallel(self):
        sim = self.simulation('-n', '8')
        lives, errors = [], []

        def talk(device):
            try:
                with sim.client(device) as client:
                    for _ in range(25):
                        lives.append(client.describe()['life'])
                        Signed(client.attest(NONCE))
            except Exception as e:  # pylint: disable=broad-except
                errors.append(e)

        threads = [threading.Thread(target=talk, args=(i,)) for i in range(1, 9)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(errors, [])
        self.assertEqual(lives, [UNOWNED] * 200)

    def test_a_hundred_devices_start_within_two_seconds(self):
        began = time.monotonic()
        sim = self.simulation('-n', '100', '--factory', self.key('factory'))
        took = time.monotonic() - began
        with sim.client(100) as client:
            client.describe()
        self.assertLess(took, 2)

    def test_memory_stays_flat(self):
        sim = self.simulation()
        with sim.client() as client:
            for _ in range(50):
                client.attest(NONCE)
            before = resident_kb(sim.process.pid)
            for _ in range(1000):
                client.attest(NONCE)
            after = resident_kb(sim.process.pid)
        # A sanitizer keeps what was freed for a while.
        self.assertLess(after - before, 262144 if os.environ.get('SANITIZED') else 256)

    def test_nobody_reading_costs_nothing(self):
        """A UART loses what nobody reads: requests pile up, memory does not."""
        sim = self.simulation()
        fd = os.open(sim.link(), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.addCleanup(os.close, fd)
        ask = b''.join(smp.console_frames(smp.packet(smp.READ, smp.IMPRINT_GROUP, 1, smp.DESCRIBE, {})))
        before = resident_kb(sim.process.pid)
        sent, until = 0, time.monotonic() + 2
        while sent < 2000 and time.monotonic() < until:
            try:
                os.write(fd, ask)
                sent += 1
            except BlockingIOError:
                time.sleep(0.001)
        self.assertGreater(sent, 200)
        self.assertLess(resident_kb(sim.process.pid) - before, 512)


class Usage(Case):

    def test_wrong_faults_are_refused_with_what_was_expected(self):
        for fault, says in (('nonsense', 'silent'), ('lie:nonsense', 'no-evidence'), ('cut', 'cut takes'),
                            ('cut@3,3', 'ascending'), ('cut@0', 'from 1'), ('3:silent', 'device 3'), ('1silent', 'DEVICE'),
                            ('noise@1', 'noise takes'), ('lie:smp-error', '@N'), ('', 'expected')):
            with self.subTest(fault=fault):
                done = run('simulate', '-n', '2', '--state', self.path('sim'), '--fault', fault, status=2)
                self.assertIn(says, done.stderr)

    def test_the_page_names_every_fault_and_no_other(self):
        """What the messages list, imprint-simulate(1) explains."""
        said = ''.join(run('simulate', '--fault', wrong, status=2).stderr for wrong in ('?', 'lie:?'))
        kinds, lies = (re.split(', ', tail) for tail in re.findall(r'expected (?:lie: and one of )?(.*)', said))
        known = {k for k in kinds if k != 'lie:WHAT'} | {'lie:' + lie for lie in lies}
        self.assertGreater(len(known), 40)
        with open(os.path.join(os.path.dirname(__file__), '../../man/imprint-simulate.1.scd'), encoding='utf-8') as f:
            rows = re.findall(r'^\|  ([a-z].*)$', f.read(), re.M)
        named = {re.sub(r'\[?@.*', '', word) for row in rows for word in row.split(', ')}
        self.assertEqual(named, known)

    def test_json_is_one_object_a_device_and_a_last_line(self):
        process = subprocess.Popen([IMPRINT, 'simulate', '-n', '2', '--json', '--state', self.path('sim')],
                                   stdout=subprocess.PIPE, text=True)
        with process:
            lines = [json.loads(process.stdout.readline()) for _ in range(3)]
            process.send_signal(signal.SIGINT)
        self.assertEqual(lines[2], {'ready': 2})
        self.assertEqual(set(lines[0]),
                         {'device', 'tty', 'tcp', 'usb', 'imei', 'serial', 'ueid', 'kid', 'endorsed', 'boot'})


if __name__ == '__main__':
    unittest.main()
