# SPDX-License-Identifier: Apache-2.0
"""A real userland: applets, busybox's own suites, programs of others, resources, wild calls.

The host's Linux is the judge wherever it can be: the same programs in the same root, compared line by line.
"""
import difflib
import os
import re
import shutil

import judges
from harness import ACCOUNT, BUILD, ROOT, Root, build_image, case, check, command, guest_program, run_image, scratch, \
    twin
from userland import host

SOAK = []


def soak(function):
    """A case of `make soak`, too long for `make test`."""
    SOAK.append(function)
    return function

HERE = os.path.join(ROOT, "tests", "userland")
PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n"
GROUP = "root:x:0:\nnobody:x:65534:\n"


def userland_root(folder, init):
    """busybox with links, two users, and the scripts of tests/userland; `init` prints with put."""
    root = Root(os.path.join(folder, "root"), init)
    root.write("etc/passwd", PASSWD)
    root.write("etc/group", GROUP)
    os.makedirs(os.path.join(root.folder, "root"), exist_ok=True)
    for name in ("applets.sh", "suites.sh"):
        root.copy(os.path.join(HERE, name), name)
    return root


def boot(folder, root, cmdline="ima_policy=none", **options):
    """Builds and runs; the result, or None when there is no image."""
    image = os.path.join(folder, "image.efi")
    status, text = build_image(root, image, cmdline=cmdline)
    if not check("assay image builds", status == 0, text):
        return None
    return run_image(image, **options)


def same_lines(expected, seen):
    """'' when they are the same, or the first lines of the difference."""
    diff = difflib.diff_bytes(difflib.unified_diff, expected.split(b"\n"), seen.split(b"\n"), b"Linux", b"Assay",
                              lineterm=b"", n=1)
    return b"\n".join(list(diff)[:40]).decode("utf-8", "replace")


def uses(text):
    """Output by use: {title: lines}; a use begins with "== NUMBER TITLE"."""
    parts = re.split(rb"^== (\d+ [^\n]*)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


GUEST_INIT = """hostname assay
export HOME=/ TERM=linux
mount -t tmpfs -o mode=1777 shm /dev/shm
(usleep SECONDS000000; kill -9 -1) &
sh /job 2>&1 </dev/null | tee /tmp/out
put out /tmp/out
"""


def both(folder, job, prepare, seconds, what, **options):
    """The bytes that `job` prints on this Linux and in the guest; None twice when one cannot be had."""
    if host.prefix() is None:
        ACCOUNT.skip(what, host.WHY_NOT)
        return None, None
    root = userland_root(folder, GUEST_INIT.replace("SECONDS", str(seconds)))
    root.write("job", job)
    prepare(root)
    expected = host.run(root.folder, "/bin/sh", "-c", "sh /job 2>&1 </dev/null | cat", timeout=seconds + 120)
    result = boot(folder, root, tpm="none", timeout=seconds + 40, **options)
    seen = result.blob("out") if result else None
    if not check(f"{what}: the guest gives its output", seen is not None, result and result.text[-1500:]):
        return None, None
    return expected.replace(b"\r", b""), seen


def judge_uses(expected, seen):
    """One check a use, each against what the host printed."""
    wanted, got = uses(expected), uses(seen)
    for title, lines in wanted.items():
        check(f"{title.decode()} as on Linux", got.get(title) == lines,
              same_lines(lines, got.get(title, b"(nothing)\n")))
    return wanted


@case
def userland_applets():
    with scratch() as folder:
        job = "mkdir /tmp/work; setsid sh /applets.sh /tmp/work 2>&1 </dev/null | cat\n"
        expected, seen = both(folder, job, lambda root: None, 150, "applets")
        if expected is not None:
            wanted = judge_uses(expected, seen)
            check("there are at least 120 uses", len(wanted) >= 120, len(wanted))
            twin("uses as on Linux", lambda text: uses(text) == wanted, seen.replace(b"needle", b"noodle", 1))


def sources():
    """True when busybox's and Lua's sources are unpacked in build/deps."""
    if os.path.exists(os.path.join(BUILD, "deps", "userland-versions")):
        return True
    status, text = command(["tools/deps.sh", os.path.join(BUILD, "deps"), "userland"], timeout=600)
    return check("the sources of busybox and Lua are fetched", status == 0, text)


def replace_once(path, old, new):
    with open(path, encoding="latin-1") as stream:
        text = stream.read()
    if text.count(old) != 1:
        raise ValueError(f"{path}: {old!r} stands {text.count(old)} times")
    with open(path, "w", encoding="latin-1") as stream:
        stream.write(text.replace(old, new))


SLOW_CASES = ("bc parsing of numbers", "bc printing of numbers")
SLOW_FOLDER = "ash-z_slow"


def prepare_suites(root, whole):
    """busybox's suites under /suite: its runner names the files and ends hanging cases. Unless `whole`, what runs for
    minutes is left out: it waits for the soak."""
    source, suite = os.path.join(BUILD, "deps", "busybox"), os.path.join(root.folder, "suite")
    shutil.copytree(os.path.join(source, "testsuite"), os.path.join(suite, "testsuite"), symlinks=True)
    shutil.copytree(os.path.join(source, "shell", "ash_test"), os.path.join(suite, "shell", "ash_test"), symlinks=True)
    shutil.copy(os.path.join(source + "-debian", "config", "pkg", "static"), os.path.join(suite, ".config"))
    for name in ("busybox", "ash"):
        os.symlink("../bin/busybox", os.path.join(suite, name))
    for name in ("printenv", "recho", "zecho"):
        command(["gcc", "-O1", "-w", "-static", "-s", "-o", os.path.join(suite, name),
                 os.path.join(suite, "shell", "ash_test", name + ".c")])
    runner, limits = os.path.join(suite, "testsuite", "runtest"), (1200, 600) if whole else (120, 60)
    replace_once(runner, '#\t\techo "Running test $tsdir/', '\t\techo "Running test $tsdir/')
    replace_once(runner, '\t\t\t"$tsdir/$applet.tests"',
                 f'\t\t\ttimeout -s KILL {limits[0]} "$tsdir/$applet.tests"')
    replace_once(runner, '\t\tsh -x -e "$testcase"', f'\t\ttimeout -s KILL {limits[1]} sh -x -e "$testcase"')
    if not whole:
        names = "|".join(f'"{name}"' for name in SLOW_CASES)
        replace_once(os.path.join(suite, "testsuite", "testing.sh"), '  if [ -n "$SKIP" ]\n',
                     f'  case $NAME in {names}) return 0 ;; esac\n  if [ -n "$SKIP" ]\n')
        shutil.rmtree(os.path.join(suite, "shell", "ash_test", SLOW_FOLDER))


def passes(text):
    """The names of the cases that passed; equal names of one file are numbered."""
    found, place, seen = set(), "", {}
    for line in text.decode("utf-8", "replace").splitlines():
        if line.startswith("Running test "):
            place = os.path.basename(line)
        match = re.match(r"(PASS|FAIL): (.*)|(ok|fail) (\S+)$", line)
        if match:
            name = f"{place} {match.group(2) or match.group(4)}"
            seen[name] = seen.get(name, 0) + 1
            if match.group(1) == "PASS" or match.group(3) == "ok":
                found.add(f"{name} {seen[name]}")
    return found


def listed(which, text):
    """The cases that docs/SYSCALLS.md gives as failing here, each with a reason."""
    return set(re.findall(rf"^\| {which} \| `([^`]+)` \| [^|]*\w[^|]* \|$", text, re.M))


def judge_suite(which, least, seconds, whole=False):
    if not sources():
        return
    with open(os.path.join(ROOT, "docs", "SYSCALLS.md"), encoding="ascii") as stream:
        known = listed(which, stream.read())
    with scratch() as folder:
        expected, seen = both(folder, f"{'WHOLE=1 ' if whole else ''}sh /suites.sh {which}\n",
                              lambda root: prepare_suites(root, whole), seconds, which)
        if expected is None:
            return
        wanted, got = passes(expected), passes(seen)
        print(f"     {which}: {len(wanted)} cases pass on Linux, {len(wanted & got)} of them here", flush=True)
        check(f"{which}: the suite comes to its end", b"suite %s ended" % which.encode() in seen, seen[-500:])
        check(f"{which}: enough cases pass on Linux to judge by", len(wanted) >= least, len(wanted))
        judge = lambda names: len(wanted & names) * 100 >= len(wanted) * 98
        check(f"{which}: 98 % of the cases that pass on Linux pass", judge(got), sorted(wanted - got))
        twin(f"{which}: 98 % pass", judge, set(sorted(got)[len(got) // 20:]))
        judge = lambda names: wanted - names == known
        check(f"{which}: what fails here is what docs/SYSCALLS.md lists", judge(got),
              f"not listed: {sorted(wanted - got - known)}; listed but passing: {sorted(known - (wanted - got))}")
        twin(f"{which}: a failing case that is not listed", judge, got - {max(wanted & got)})
        twin(f"{which}: a listed case that passes",
             lambda text: wanted - got == listed(which, text), f"| {which} | `{max(wanted)}` | some reason |")


@case
def userland_busybox_testsuite():
    judge_suite("testsuite", 800, 400)


@case
def userland_busybox_ash():
    judge_suite("ash", 300, 400)


@soak
def userland_busybox_testsuite_whole():
    judge_suite("testsuite", 800, 2400, whole=True)


@soak
def userland_busybox_ash_whole():
    judge_suite("ash", 300, 2400, whole=True)


def build_programs(folder):
    """Lua with musl, Go, Rust, bash: {name: program}; one that cannot be built is a skip."""
    deps, fetch, made = os.path.join(BUILD, "deps"), os.path.join(HERE, "fetch.sh"), {}
    if not os.path.exists(os.path.join(deps, "bash-static")):
        command([fetch, deps])
    for place in ("bin", "usr/bin"): # Debian 12, Debian 13
        bash = os.path.join(deps, "bash-static", place, "bash-static")
        if os.path.exists(bash):
            made["bash"] = bash
    lua = [os.path.join(deps, "lua", "src", name) for name in sorted(os.listdir(os.path.join(deps, "lua", "src")))
           if name.endswith(".c") and name != "luac.c"]
    go_env = dict(os.environ, GOCACHE=os.path.join(BUILD, "userland", "gocache"), GO111MODULE="off", CGO_ENABLED="0",
                  GOFLAGS="-trimpath", GOTOOLCHAIN="local")
    recipes = {"lua": ["musl-gcc", "-std=gnu99", "-O1", "-w", "-static", "-s", "-DLUA_USE_POSIX"] + lua + ["-lm", "-o"],
               "go-program": ["go", "build", "-ldflags", "-s -w", "-o"],
               "rust-program": ["rustc", "-O", "-C", "target-feature=+crt-static", "-C", "strip=symbols", "-o"]}
    last = {"go-program": ["goroutines.go"], "rust-program": ["threads.rs"]}
    for name, words in recipes.items():
        if name != "lua" and not shutil.which(words[0]):
            command(["tools/packages.sh", "go" if words[0] == "go" else "rust"], timeout=900)
        out = os.path.join(folder, name)
        if shutil.which(words[0]):
            status, text = command(words + [out] + [os.path.join(HERE, f) for f in last.get(name, [])], env=go_env,
                                   timeout=600)
            if check(f"{name} is built", status == 0, text):
                made[name] = out
    for name in [n for n in ("bash", *recipes) if n not in made]:
        ACCOUNT.skip(name, "its compiler or package is not there and could not be installed")
    return made


@case
def userland_programs():
    if not sources():
        return
    with scratch() as folder:
        programs = build_programs(folder)
        calls = {"bash": "bash /bash-uses.sh", "lua": "lua /libraries.lua", "go-program": "go-program",
                 "rust-program": "rust-program"}
        job = "export HOME=/tmp TZ=UTC; mkdir /tmp/w\n" + "".join(
            f"echo '== 1 {name}'; setsid timeout -s KILL 60 {calls[name]} /tmp/w 2>&1 </dev/null | cat\n"
            for name in programs)

        def prepare(root):
            for name, program in programs.items():
                root.copy(program, f"bin/{name}")
            for name in ("bash-uses.sh", "libraries.lua"):
                root.copy(os.path.join(HERE, name), name)
        expected, seen = both(folder, job, prepare, 300, "programs of others")
        if expected is not None:
            judge_uses(expected, seen)
            twin("programs as on Linux", lambda text: uses(text) == uses(expected), seen[:-40])


@case
def userland_robust():
    with scratch() as folder:
        job = "mkdir /tmp/f; echo '== 1 robust'; u_robust /tmp/f\n"
        expected, seen = both(folder, job, lambda root: root.copy(guest_program("u_robust"), "bin/u_robust"), 120,
                              "faults and limits")
        if expected is not None:
            wanted, got = expected.split(b"\n"), seen.split(b"\n")
            check("faults, limits and absurd arguments as on Linux", wanted == got, same_lines(expected, seen))
            check("the program comes to its end", b"robust ended" in seen, seen[-300:])
            twin("faults as on Linux", lambda text: text == expected, seen.replace(b"EFAULT", b"EINVAL", 1))


RESOURCES = (("fork", 2000), ("pipes", 10000), ("threads", 1000), ("/guest-suite.sh", 1))
RESOURCE_LINE = r"^%s %d pages (\d+) (\d+) objects (\d+) (\d+)\r?$"
OWN_PROGRAMS = ("process", "memory", "files", "parents", "lacking")


def judge_resources(text):
    """As many free pages and kernel objects after as before."""
    judge = lambda match: match and int(match[1]) > 0 and match[1] == match[2] and match[3] == match[4]
    for kind, count in RESOURCES:
        line = re.search(RESOURCE_LINE % (kind, count), text, re.M)
        check(f"{count} of {kind} leave as many free pages and objects", judge(line), line and line[0])
    for spoiled in ("4000 3999 objects 70 70", "4000 4000 objects 70 71"):
        twin("as many free pages and objects", judge, re.match(RESOURCE_LINE % ("fork", 1), f"fork 1 pages {spoiled}"))


def judge_own_programs(text):
    """Each line PASS or FAIL of the guest's programs is a check; each program ran twice to its end."""
    for verdict, name in re.findall(r"^(PASS|FAIL) ([^\r\n]*)", text, re.M):
        check(f"{name} in the guest", verdict == "PASS")
    judge = lambda words: all(len(re.findall(rf"^{name}: \d+ passed, 0 failed", words, re.M)) == 2
                              for name in OWN_PROGRAMS)
    check("each program comes to its end without a failure", judge(text), text[-1500:])
    twin("each program without a failure", judge, text.replace("passed, 0 failed", "passed, 1 failed", 1))
    twin("each program comes to its end", judge, text.replace("files: ", "pfiles: ", 1))


def judge_missing_calls(text, log):
    """The kernel log names each call that is not there once, however often it was asked for."""
    asked = set(re.findall(r"^asked (-?\d+)", text, re.M))
    named = lambda lines: re.findall(r"asked for system call (-?\d+), which is not there \(ENOSYS\)", lines)
    judge = lambda lines: len(asked) >= 15 and all(named(lines).count(number) == 1 for number in asked)
    check("the log names each missing call once", judge(log), (sorted(asked), named(log)))
    twin("each missing call once", judge, log.replace("is not there", "is there", 1))
    twin("each missing call once and not twice", judge, log + "".join(
        f"asked for system call {number}, which is not there (ENOSYS)\n" for number in sorted(asked)[:1]))


@case
def userland_own_programs():
    """The programs of tests/guest: what they check, that they leave nothing behind, what the log says of them."""
    number = seed()
    print(f"     seed {number}: FUZZ_SEED={number} tests/run.py userland_own_programs", flush=True)
    with scratch() as folder:
        runs = "".join(f"u_resources {kind} {count}\n" for kind, count in RESOURCES)
        root = userland_root(folder, "export HOME=/\nmount -t tmpfs -o mode=1777 shm /dev/shm\nlacking\nlacking\n"
                             f"dmesg >/tmp/log; put log /tmp/log; rm /tmp/log\nexport SEED={number}\n{runs}"
                             "mkdir /tmp/w\nu_wx /tmp/w\n")
        for name in (*OWN_PROGRAMS, "u_resources", "u_wx", "u_robust", "wild"):
            root.copy(guest_program(name), f"bin/{name}")
        root.copy(os.path.join(HERE, "guest-suite.sh"), "guest-suite.sh")
        result = boot(folder, root, tpm="none", timeout=400)
        if not result:
            return
        log = result.blob("log")
        first, _, rest = result.text.partition("<<<log")
        judge_missing_calls(first, log.decode("utf-8", "replace") if log else "")
        judge_resources(result.text)
        judge_own_programs(rest)
        bad = [line for line in result.lines if line.startswith("bad ")]
        judge = lambda lines: not any(line.startswith("bad ") for line in lines) and "wx ended" in lines
        check("nothing written becomes executable", judge(result.lines), bad or result.text[-800:])
        twin("nothing written becomes executable", judge, ["bad mprotect", "wx ended"])


def seed():
    """FUZZ_SEED, or a new one: what is random in a run is told with it."""
    return int(os.environ.get("FUZZ_SEED") or int.from_bytes(os.urandom(4), "big"))


def fuzz(seconds):
    """Random system calls beside a witness; afterwards the list still replays."""
    number = seed()
    print(f"     seed {number}: FUZZ_SEED={number} SYSFUZZ_SECONDS={seconds} tests/run.py userland_fuzz", flush=True)
    with scratch() as folder:
        root = userland_root(folder, f"mkdir -m 777 /tmp/f\nu_sysfuzz {seconds} {number} 4 /tmp/f\n"
                                     "echo fuzz status $?\nput_lists sha256\n")
        root.copy(guest_program("u_sysfuzz"), "bin/u_sysfuzz")
        root.write("etc/ima/ima-policy", "measure func=BPRM_CHECK\n")
        result = boot(folder, root, cmdline="ima_policy=tcb", tpm="crb", timeout=seconds + 120)
        if not result:
            return
        check(f"the kernel is up after random calls (seed {number})", result.status == 0, result.text[-1500:])
        judge = lambda text: "fuzz ended" in text and "fuzz status 0" in text
        check(f"the fuzzer came to its end (seed {number})", judge(result.text),
              [line for line in result.lines if not re.fullmatch(r"[A-Za-z0-9+/=]*", line)][-20:])
        twin("the fuzzer came to its end", judge, result.text.replace("status 0", "status 131"))
        counts = [(int(a), int(b)) for a, b in re.findall(r"^fuzz calls (\d+) witness (\d+)", result.text, re.M)]
        judge = lambda pairs: len(pairs) > 1 and all(a[1] < b[1] for a, b in zip(pairs, pairs[1:-1]))
        check("the witness runs on all the while", judge(counts), counts)
        twin("the witness runs on", judge, [(1, 5), (2, 5), (3, 5)])
        blob, pcrs = result.blob("list-sha256"), result.pcr("sha256")
        judge = lambda data: data and judges.list_replays(data, "sha256", pcrs)
        check("the list still replays to PCR 10", judge(blob), result.text[-500:])
        twin("the list still replays to PCR 10", judge, blob and judges.spoil(blob))


@case
def userland_fuzz():
    fuzz(int(os.environ.get("SYSFUZZ_SECONDS", "120")))


@soak
def userland_fuzz_long():
    fuzz(int(os.environ.get("SYSFUZZ_SECONDS", "1200")))
