#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# Uses of busybox's applets whose output is the same on every Linux. Each use begins with t NAME.
#
#   applets.sh FOLDER      works in FOLDER, which must be empty; needs uid 0 and a /proc
#
# What differs between machines (pids, times, devices, sizes of memory) is cut away here, in the script.
export PATH=/bin LC_ALL=C HOME=/tmp TZ=UTC
umask 022
W=$1
cd "$W" || exit 1
exec 2>&1 </dev/null
COUNT=0
t() {
	COUNT=$((COUNT + 1))
	echo "== $COUNT $*"
}

# --- text
t echo; echo one 'two  three' "four\tfive"; echo -n no newline; echo; echo -e 'a\tb\\\101'
t printf; printf '%s|%5d|%-5s|%05.2f|%x|%c|%b\n' text 42 left 3.14159 255 char 'tab\there'
t seq; seq 1 5 | xargs; seq -s : 10 -3 1; seq -w 8 11
seq 1 200 >numbers
printf 'pear 3\napple 10\nfig 2\napple 9\nBanana 1\n' >fruit
t cat
cat fruit - </dev/null; echo piped | cat fruit - | tail -n 2; cat -n fruit; printf 'a\tb\001\n' | cat -A
t tac; tac fruit
t rev; rev fruit
t head; head -n 2 fruit; head -c 7 fruit; echo; head -n -3 fruit
t tail; tail -n 2 numbers; tail -n +199 numbers; tail -c 5 numbers
t sort
sort fruit; sort -k2n fruit; sort -rn -k2 fruit; sort -u -k1,1 fruit; sort -f fruit; sort -c numbers
echo "status $?"
t sort-keys; printf 'a:3:x\nb:1:y\nc:2:x\n' | sort -t : -k 3,3 -k 2,2nr
t uniq
printf 'a\na\nb\nc\nc\nc\n' | uniq -c; printf 'a\na\nb\n' | uniq -d; printf 'a\na\nb\n' | uniq -u
t cut; cut -d ' ' -f 2 fruit; cut -c 1-3 fruit; echo a:b:c:d | cut -d : -f 2-3
t paste; paste -d , fruit numbers | head -n 3; seq 6 | paste - - -
t common-lines
printf '1\n2\n4\n' >c1; printf '2\n3\n4\n' >c2; grep -x -f c1 c2; sort c1 c2 | uniq -d; nothing-of-this-name c1
echo "status $?"
t tr
echo 'Hello World' | tr a-z A-Z; echo aabbcc | tr -s a-c; echo a1b2 | tr -d 0-9; echo hello | tr -c 'a-y\n' _
t expand; printf 'a\tb\tc\n' | expand; printf 'a\tb\n' | expand -t 4
t unexpand; printf '        a       b\n' | unexpand -a | cat -A
t fold
echo 'the quick brown fox jumps' | fold -w 10; echo 'the quick brown fox jumps' | fold -s -w 10
t nl; nl fruit; nl -b a -w 3 fruit
t wc; wc fruit; wc -l <numbers; wc -c fruit; wc -w fruit; wc -L fruit
t od; printf 'ABC\000\377' | od -c; printf 'ABCD' | od -A x -t x1; printf 'ABCDEFGH' | od -A n -t u4
t hexdump; printf 'hello world 1234' | hexdump -C; printf 'ab' | hexdump -e '1/1 "%02x "'; echo
t xxd; printf 'hello' | xxd; printf 'hello' | xxd -p; echo 68690a | xxd -r -p
t strings; printf 'ab\000readable text\001\002xyz\000more strings\n' | strings
t split-by-dd; dd if=numbers of=part bs=10 count=3 skip=1 2>/dev/null; cat part; echo
t grep
grep apple fruit; grep -c a fruit; grep -v a fruit; grep -n fig fruit; grep -i banana fruit; grep nothing fruit
echo "status $?"
t grep-more
grep -E '^(fig|pear)' fruit; grep -o '[0-9]*' fruit; grep -l fig fruit numbers; grep -w 1 fruit
grep -x 100 numbers
t grep-context
grep -A 1 -B 1 fig fruit; grep -q fig fruit && echo found; grep -F 'a.p' fruit; grep -m 1 apple fruit
t egrep; egrep 'a+p{2}' fruit
t fgrep; echo 'a.b' | fgrep a.b
mkdir -p tree/a/b tree/c; echo needle >tree/a/b/one; echo hay >tree/c/two
t grep-recursive; grep -r needle tree; grep -rl . tree | sort
t sed
sed 's/a/A/' fruit; sed -n '2,3p' fruit; sed '/fig/d' fruit; sed 's/\([a-z]*\) \([0-9]*\)/\2 \1/' fruit
t sed-more
sed -e '1i first' -e '$a last' fruit; sed '2q' fruit; sed -n '/apple/{s/apple/plum/;p}' fruit
sed 'y/abc/xyz/' fruit
t sed-hold
sed -n '1!G;h;$p' fruit; sed 'N;s/\n/+/' fruit; sed = fruit | sed 'N;s/\n/ /'; sed -E 's/(p+)/<\1>/g' fruit
t sed-inplace
cp fruit f2; sed -i 's/fig/date/' f2; cat f2; sed -i.bak 's/date/kiwi/' f2; grep date f2.bak; ls f2*
t awk
awk '{ print $2, $1 }' fruit; awk '{ sum += $2 } END { print sum, NR }' fruit; awk 'NR % 50 == 0' numbers
t awk-more
awk -F: -v x=7 'BEGIN { print x * 6; print length("hello"), substr("hello", 2, 3), index("hello", "l"), toupper("up") }'
t awk-arrays
awk '{ n[$1]++ } END { for (k in n) print k, n[k] }' fruit | sort
echo a-b-c | awk '{ n = split($0, p, "-"); print n, p[3] }'
t awk-functions
awk 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) } BEGIN { print f(15) }'
t awk-regex
awk '/^a/ { gsub(/p/, "P"); print } match($0, /g/) { print RSTART, RLENGTH }' fruit
awk 'BEGIN { printf "%5.2f|%s\n", 3.14159, "s" }'
t awk-pipes
awk 'BEGIN { "echo from pipe" | getline x; print x; print "b\na" | "sort"; close("sort"); print ENVIRON["TZ"] }'
t diff
diff fruit f2; echo "status $?"; diff -u fruit f2 | tail -n +3; diff -q fruit f2; diff fruit fruit && echo same
t diff-recursive; cp -r tree tree2; echo other >tree2/c/two; diff -r tree tree2
t cmp; cmp fruit f2; cmp fruit fruit && echo equal; cmp -l c1 c2
t patch
diff -u fruit f2 >change; cp fruit patched; patch patched change; cmp patched f2 && echo patched
patch -R patched <change >/dev/null; cmp patched fruit && echo back
t ed; printf '1d\n$p\nw\nq\n' | ed patched
t dos2unix; printf 'a\r\nb\r\n' >crlf; dos2unix crlf; od -c crlf; unix2dos crlf; od -c crlf
t shuf; shuf -i 1-20 | sort -n | xargs; shuf -n 3 numbers | wc -l
t tee; echo teed | tee t1 t2; cat t1 t2; echo more | tee -a t1 >/dev/null; cat t1
t yes; yes | head -n 3; yes no | head -n 1

# --- numbers, tests, names
t expr
expr 2 + 3 \* 4; expr length hello; expr hello : 'h\(.*\)o'; expr 5 \> 3; expr 7 / 0; echo "status $?"
expr substr hello 2 3
t bc; echo '2^100; scale=10; 1/3; sqrt(2)' | bc; echo 'for (i = 0; i < 3; ++i) i * i' | bc
t dc; echo '2 10 ^ p 16 o p' | dc
t factor; factor 97 360 1000003
t cal; cal 2 2024
t test
test -f fruit && echo file; test -d tree && echo folder; test 3 -gt 2 && echo gt; [ a = b ] || echo ne
[ -s fruit ]; echo $?; [ fruit -ot fruit ]; echo $?
t test-more
[ -e nothing ]; echo $?; [ -r fruit ] && [ -w fruit ] && echo rw; [ -x fruit ]; echo $?
[ \( 1 = 1 \) -a ! -z x ]; echo $?; [ ]; echo $?
t double-bracket; [[ abc == a* ]] && echo glob; [[ abc =~ ^a.c$ ]] && echo regex
t true-false; true; echo $?; false; echo $?
t basename; basename /a/b/c.txt .txt; basename /; dirname /a/b/c; dirname c
t realpath
ln -s a/b tree/link; realpath tree/link/one | sed "s:$W:W:"; readlink tree/link
readlink -f tree/link/one | sed "s:$W:W:"; readlink fruit; echo $?
t pwd; cd tree/link; pwd | sed "s:$W:W:"; pwd -P | sed "s:$W:W:"; cd "$W"
t getopt
getopt -o ab: -l long,arg: -- -a -b x --long --arg=y rest; getopt -o a -- -z; echo "status $?"
t mktemp
f=$(mktemp "$W/tmp.XXXXXX"); [ -f "$f" ] && stat -c %a "$f"; d=$(mktemp -d "$W/dir.XXXXXX"); stat -c %a "$d"
rm -r "$f" "$d"
t date
date -u -d @0 '+%Y-%m-%d %H:%M:%S %a %j'; date -u -d '2024-02-29 12:00:00' +%s
date -u -r fruit +%Y | grep -c 20
t cksum-like
md5sum fruit; sha1sum fruit; sha256sum fruit; sha512sum fruit; sha3sum fruit; crc32 fruit
t checksum-check
sha256sum fruit numbers >sums; sha256sum -c sums; echo x >>f2; md5sum fruit f2 | sed 's/f2/fruit/' | md5sum -c
echo "status $?"
t base64
base64 fruit; base64 fruit | base64 -d | cmp - fruit && echo round; uuencode fruit u <fruit
uuencode -m fruit u <fruit | uudecode -o - | cmp - fruit && echo uu
t mkpasswd; mkpasswd -m sha512 -S saltsalt secret; mkpasswd -m md5 -S saltsalt secret

# --- files
t touch
touch -d '2020-01-02 03:04:05' dated; stat -c '%s %Y %a %h %F' dated; touch -r dated dated2; stat -c %Y dated2
touch -c absent; ls absent
t stat
stat -c '%n %a %A %u %g %U %G %h %F' fruit tree tree/link
stat -c %s fruit tree/link; stat -L -c %F tree/link; stat -f -c '%l' . | grep -c .
t ls; ls -1 tree; ls -a tree; ls -d tree; ls -F tree; ls -R tree; ls -p tree
t ls-long
ls -ln fruit | awk '{ print $1, $2, $3, $4, $5, $NF }'; ls -l tree | awk '{ print $1, $3, $4, $9, $10, $11 }'
ls -S -1 fruit numbers c1
t cp
cp fruit copy && cmp fruit copy && echo same; cp -p dated kept; stat -c %Y kept; cp -a tree tree3
find tree3 | sort; cp -s "$W/fruit" sym; readlink sym | sed "s:$W:W:"; cp -l fruit hard; stat -c %h hard
t cp-errors; cp absent x; cp tree x; cp fruit absent/x; echo "status $?"
t mv
mv copy moved; ls copy moved; mkdir into; mv moved into/; ls into; mv into into2; ls into2; mv fruit absent/x
echo "status $?"
t ln
ln fruit fruit.hard; stat -c %h fruit; ln -s fruit fruit.sym; cat fruit.sym | head -n 1; ln fruit fruit.hard
ln -sf numbers fruit.sym; readlink fruit.sym; ln tree treelink
t link; link fruit linked; stat -c %h linked; unlink linked; ls linked
t rm
rm absent; rm -f absent; echo $?; rm tree; rm -r tree3 && ls tree3; mkdir -p x/y; rmdir x; rmdir -p x/y; ls -d x
t mkdir
mkdir -p m/n/o; mkdir m; mkdir -m 700 m/p; stat -c %a m/p; mkdir q/r; find m | sort; rm -r m
t chmod
chmod 640 c1; stat -c %a c1; chmod u+x,g-r,o=rw c1; stat -c %a c1; chmod -R a+X,go-w tree2
stat -c %a tree2/a tree2/c/two; chmod +t,g+s tree2; stat -c '%a %A' tree2; chmod 4755 c1; stat -c %A c1
t chown
chown 1000:1001 c2; stat -c '%u %g' c2; chown :5 c2; stat -c '%u %g' c2; chgrp 7 c2; stat -c '%u %g' c2
chown -h 3:3 tree/link; stat -c %u tree/link; chown -R 9 tree2; stat -c %u tree2/a/b/one
t chown-clears-suid; cp numbers su1; chmod 6755 su1; chown 12 su1; stat -c %a su1
t truncate
truncate -s 5000 sparse; stat -c %s sparse; truncate -s 3 sparse; stat -c %s sparse; truncate -s 1k sparse
od -c sparse | tail -n 2
t fallocate; fallocate -l 4096 alloc; stat -c %s alloc
t dd
dd if=/dev/zero of=zeros bs=1k count=4 2>/dev/null; stat -c %s zeros
printf XY | dd of=zeros bs=1 seek=10 conv=notrunc 2>/dev/null; od -c zeros | head -n 3
dd if=fruit bs=5 count=2 2>&1 | sed 's/,.*//'; dd if=numbers conv=swab bs=8 count=1 2>/dev/null | od -c
t dd-skip
dd if=numbers bs=4 skip=2 count=3 2>/dev/null; echo; dd if=/dev/zero bs=1M count=3 2>/dev/null | wc -c
echo lower | dd conv=ucase 2>/dev/null; echo; printf ab | dd conv=sync bs=4 2>/dev/null | od -c
t mkfifo; mkfifo fifo; stat -c %F fifo; (echo through the fifo >fifo) & cat fifo; wait
t mknod; mknod pipe p && stat -c %F pipe; mknod nul c 1 3 && stat -c '%F %t %T' nul
t du
mkdir dd; dd if=/dev/zero of=dd/f bs=4096 count=4 2>/dev/null; du -k dd/f | cut -f 1
du -s dd >/dev/null && echo counted
t find
find tree | sort; find tree -type f | sort; find tree -name 'o*'; find tree -type l
find tree -maxdepth 1 | sort; find tree -mindepth 2 | sort; find . -name 'fru*' -newer dated | sort
t find-actions
find tree -type f -exec cat {} \; | sort; find tree -type f -exec echo {} + | xargs -n 1 | sort
find tree -size -2 -type f | sort; find tree -perm 755 -type d | sort
find tree \( -name one -o -name two \) -print | sort
t find-delete
cp -r tree td; find td -type f -exec rm {} +; rm td/link; find td | sort
find td -depth -type d -exec rmdir {} \;; ls -d td; find tree -empty; find tree -links 1 -type f | sort
find . -user 12; find tree -path '*/b/*'
t xargs
seq 10 | xargs -n 3 echo; echo 'a b' | xargs -I X echo '<X>'; printf 'a b\0c' | xargs -0 -n 1 echo
seq 3 | xargs -t echo; echo | xargs -r echo never; seq 6 | xargs -P 1 -n 2 sh -c 'echo $0-$1'
echo x | xargs false; echo "status $?"
t which; which cat sh; which nothing-here; echo "status $?"
t tree-walk; for f in tree/*; do echo "$f"; done; echo tree/[ac]/*; echo tree/?; echo no*match
t sync; sync && echo synced; fsync fruit 2>/dev/null || echo 'no fsync applet'
t install-like; cp fruit inst && chmod 711 inst && chown 1:2 inst && stat -c '%a %u %g' inst
t flock-like; exec 9>lock; sh -c 'echo inside'; exec 9>&-; [ -f lock ] && echo lock file
t unlink-open; echo kept alive >gone; exec 8<gone; rm gone; cat <&8; exec 8<&-; ls gone
t rename-open; echo data >r1; exec 8>>r1; mv r1 r2; echo more >&8; exec 8>&-; cat r2
t long-names
n=$(printf 'n%.0s' $(seq 255)); touch "$n" && ls n* | wc -c; touch "${n}n"; echo "status $?"; rm "$n"
t odd-names; touch -- 'a b' "new
line" '-dash' 'star*'; ls -1 -- *[\ \*]* -*; ls | grep -c line; rm -- 'a b' "new
line" -dash 'star*'
t permissions
echo secret >priv; chmod 600 priv
su nobody -s /bin/sh -c "cat $W/priv; echo \$?; cd $W/tree && ls; touch $W/x; id -u"
t sticky
mkdir -m 1777 sticky; touch sticky/rootfile
su nobody -s /bin/sh -c "rm -f $W/sticky/rootfile; echo \$?; touch $W/sticky/mine && rm $W/sticky/mine && echo mine"

# --- archives
t gzip
cp fruit g; gzip g; ls g g.gz; gzip -t g.gz && echo sound; zcat g.gz | cmp - fruit && echo same; gunzip g.gz
cmp g fruit && echo back; gzip -c numbers | gunzip -c | md5sum; echo junk | gunzip; echo "status $?"
t bzip2; bzip2 -k g; bzcat g.bz2 | cmp - fruit && echo same; rm g; bunzip2 g.bz2; cat g | head -n 1
t xz
printf '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jMAQAEaGVsbG8KAAAAALGpFbMyCGj6AAEdBR8YCCcftvN9AQAAAAAEWVo=' | base64 -d >h.xz
xzcat h.xz >/dev/null; echo "status $?"
t lzma; unlzma -c </dev/null; echo "status $?"
t tar
tar cf t.tar tree; tar tf t.tar | sort; mkdir ex; tar xf t.tar -C ex; diff -r tree ex/tree && echo same
readlink ex/tree/link
t tar-gz
tar czf t.tgz tree fruit; tar tzf t.tgz | sort; mkdir ex2; tar xzf t.tgz -C ex2 fruit; ls ex2
tar tzvf t.tgz fruit | awk '{ print $1, $2, $3, $6 }'; tar cf - tree | (cd ex2; tar xf -); ls ex2
t tar-strip
mkdir ex4; tar xzf t.tgz -C ex4 --strip-components 1 tree/c; find ex4 | sort
tar xzOf t.tgz fruit | cmp - fruit && echo stdout; tar xf absent.tar; echo "status $?"
t cpio
find tree | sort | cpio -o -H newc >t.cpio 2>/dev/null; cpio -t <t.cpio 2>/dev/null; mkdir ex3
(cd ex3; cpio -id <../t.cpio 2>/dev/null; find . | sort)
t ar
printf '!<arch>\n%-16s%-12s%-6s%-6s%-8s%-10s`\nhi\n\n' f/ 0 0 0 644 3 >a.ar; ar t a.ar; ar p a.ar
t unzip
printf 'UEsDBAoAAAAAAAAAIQDGNbk7BQAAAAUAAAABAAAAeGhlbGwK\
UEsBAh4DCgAAAAAAAAAhAMY1uTsFAAAABQAAAAEAAAAAAAAAAQAAAKSBAAAAAHhQSwUGAAAAAAEAAQAvAAAAJAAAAAAA' | base64 -d >z.zip
unzip -l z.zip | tail -n 1; unzip -p z.zip | wc -c

# --- shell, processes, signals
t pipes
seq 100 | grep 1 | wc -l; false | true; echo $?; set -o pipefail; false | true; echo $?; set +o pipefail; ! true
echo $?
t redirections
echo out >o; echo more >>o; cat <o; { echo e >&2; echo s; } 2>err >o; cat err; cat o; cat <<END | tr a-z A-Z
here $((1 + 2)) document
END
t redirect-errors
echo x >absent/y; echo $?; cat <absent; echo $?; exec 7<fruit; read -r line <&7; echo "$line"; read -r line <&7
echo "$line"; exec 7<&-; set -C; echo x >fruit; set +C
t subshells
(cd tree; pwd | sed 's:.*/::'; exit 3); echo $?; x=1; (x=2); echo $x; echo $(echo nested $(echo deep))
echo "`echo back`"
t functions
f() { local v=$1; [ "$v" -le 1 ] && echo 1 && return; echo $((v * $(f $((v - 1))))); }; f 10
t parameters
v=path/to/file.tar.gz; echo ${v##*/} ${v%.*} ${v%%.*} ${#v} ${v/to/from} ${none:-default} ${v:5:2}; set -- a b c
echo $# $*; shift; echo $1
t case-and-loops
for i in 1 2 3; do case $i in 2) continue ;; esac; echo $i; done; i=0
while [ $i -lt 3 ]; do i=$((i + 1)); [ $i = 2 ] && break; done; echo $i; until true; do :; done
t arithmetic
echo $((7 % 3)) $((2 ** 10)) $((0x1f)) $((1 << 4 | 3)) $((5 > 3 ? 1 : 2)) $((-7 / 2)) $((~0))
t exit-statuses
sh -c 'exit 42'; echo $?; sh -c 'kill -9 $$'; echo $?; sh -c 'kill -TERM $$'; echo $?; nothing-here; echo $?
./fruit; echo $?; /; echo $?
t traps
sh -c 'trap "echo trapped" USR1; kill -USR1 $$; echo after'; sh -c 'trap "echo leaving" EXIT; exit 5'; echo $?
sh -c 'trap "" TERM; kill $$; echo survived'
t background
sleep 0 & wait $!; echo $?; (exit 7) & wait $!; echo $?; sleep 30 & { kill $!; wait $!; } 2>/dev/null; echo $?
t kill
sleep 30 & p=$!; kill -0 $p && echo alive; kill -STOP $p; sleep 0.2; awk '{ print $3 }' /proc/$p/stat
{ kill -CONT $p; kill -INT $p; kill -9 $p; wait $p; } 2>/dev/null; echo $?; kill -0 $p 2>/dev/null; echo $?; kill -l 15
kill -l | head -n 3
t job-groups; set -m; sleep 30 & jobs | sed 's/  */ /g'; { kill %1; wait %1; } 2>/dev/null; echo $?; set +m
t timeout; timeout 1 sleep 30; echo $?; timeout 20 echo in time; timeout -s KILL 1 sleep 30; echo $?
t time; time -f '%x %C' true; time -f '%x' false
t sleep; sleep 0.1; echo $?; sleep x; echo $?; usleep 1000; echo $?
t nice-like
level() { awk '{ print $19 }' /proc/$$/stat; }
was=$(level); renice -n 5 -p $$ >/dev/null && echo $(($(level) - was)); renice -n 0 -p $$ >/dev/null 2>&1
echo $(($(level) - was))
t env
env -i A=1 B=2 env; env A=3 sh -c 'echo $A'; A=4 sh -c 'echo $A'; export Z=5; env | grep ^Z
env -u Z env | grep -c ^Z
t setsid; setsid sh -c 'awk "{ print (\$1 == \$6) }" /proc/self/stat; echo in session'
t setpriv; setpriv --nnp id -u; setpriv -d 2>/dev/null | grep -c '^[eu]*id'
t nohup-like; (trap '' HUP; sh -c 'kill -HUP $$; echo ignored')
t start-stop-daemon
start-stop-daemon -S -b -m -p "$W/pid" -x /bin/sleep -- 30; sleep 0.3
[ -s pid ] && kill -0 "$(cat pid)" && echo running; start-stop-daemon -K -q -p "$W/pid" && echo stopped
t pidof
sleep 31 & p=$!; sleep 0.2; pidof sleep | tr ' ' '\n' | grep -c "^$p$"; { kill $p; wait $p; } 2>/dev/null
pidof nothing-here; echo $?
t killall; { sleep 32 & sleep 0.2; killall sleep; wait $!; } 2>/dev/null; echo $?; killall nothing-here; echo $?
t ps
sleep 33 & p=$!; sleep 0.2
ps -o pid,ppid,comm,args | awk -v p=$p -v me=$$ '$1 == p { print ($2 == me), $3, $4, $5 }'
{ kill $p; wait $p; } 2>/dev/null; ps | head -n 1 | awk '{ print $1 }'; ps -o comm,args | grep -c '[a]wk-none'
t top; top -b -n 1 | grep -c -E '^(Mem|CPU|Load average):'
t proc-pid
cat /proc/self/comm; tr '\0' ' ' </proc/self/cmdline; echo; readlink /proc/self/exe
readlink /proc/self/cwd | sed "s:$W:W:"; grep -E '^(Name|State|Uid|Gid|Groups|Threads):' /proc/self/status
A=7 sh -c 'tr "\0" "\n" </proc/$$/environ | grep ^A='
t proc-fd
exec 6<fruit; readlink /proc/$$/fd/6 | sed "s:$W:W:"; ls /proc/$$/fd | grep -c '^6$'
cat /proc/self/fd/6 | head -n 1; exec 6<&-; ls /proc/$$/fd | grep -c '^6$'; echo via | cat /dev/stdin
echo out >/dev/stdout
t proc-maps
grep -c '\[stack\]' /proc/self/maps; grep -c ' r-xp .*/bin/busybox' /proc/self/maps
awk '$2 ~ /w/ && $2 ~ /x/' /proc/self/maps | wc -l
t ulimit
ulimit -n 64; ulimit -n; sh -c 'ulimit -n'; ulimit -Hn
(ulimit -f 1; dd if=/dev/zero of=toobig bs=512 count=10 2>/dev/null; echo $?; stat -c %s toobig)
t fd-limit
sh -c 'ulimit -n 10; exec 3<fruit 4<fruit 5<fruit 6<fruit 7<fruit 8<fruit 9<fruit; cat <fruit | head -n 1'
t umask; umask; umask 077; touch um; stat -c %a um; umask 022; umask -S
t read
printf 'a b c\nd\\e\n' | { read x y; echo "$x|$y"; read -r z; echo "$z"; read q || echo eof; }
echo abcdef | { read -n 3 k; echo $k; }; read -t 1 never </dev/null || echo nothing
t eval-and-source
eval 'echo $((1 + 1))'; echo 'sourced=yes' >s.sh; . ./s.sh; echo $sourced; type cd test f | head -n 2
command -v cat; alias ll='ls -l'; alias ll
t scripts
printf '#!/bin/sh\necho "script $0 $1 $#"\n' >script; chmod 755 script; ./script arg
printf 'echo no shebang $1\n' >plain; chmod 755 plain; ./plain x
printf '#!/bin/cat\ntext of a cat script\n' >catscript; chmod 755 catscript; ./catscript
printf '#!/absent/interpreter\n' >bad; chmod 755 bad; ./bad; echo $?
printf '#!/bin/awk -f\nBEGIN { print ARGC }\n' >awkscript; chmod 755 awkscript; ./awkscript 1 2
t big-pipe
dd if=/dev/zero bs=64k count=20 2>/dev/null | tr '\0' x | wc -c; yes | head -c 100000 | md5sum
(sleep 0.2; echo late) | cat; yes | head -n 1; seq 100000 | tail -n 1
t sigpipe; (seq 1000000; echo "status $?" >sp) | head -n 1; sleep 0.2; cat sp
t many-processes
i=0; while [ $i -lt 40 ]; do (exit $((i % 7))) & i=$((i + 1)); done; wait; echo all done
seq 20 | xargs -P 4 -n 1 -I X sh -c 'exit 0'; echo $?
t coprocess
mkfifo in out; (while read l; do echo "got $l"; done <in >out) & exec 5>in 6<out; echo a >&5; read r <&6
echo "$r"; echo b >&5; read r <&6; echo "$r"; exec 5>&- 6<&-; wait; rm in out

# --- identity and system
t id; id; id -u; id -g; id -un; id -G; id nobody; id absent; echo $?
t whoami; whoami; groups; logname >/dev/null 2>&1 || echo no login
t su
su nobody -s /bin/sh -c 'id; whoami; echo $HOME'; su -s /bin/sh nobody -c 'echo x > /etc/passwd; echo $?'
su absent -c true; echo $?
t dropped-rights
su nobody -s /bin/sh -c 'su root -c id </dev/null >/dev/null 2>&1
[ $? != 0 ] && echo refused; chown 0 /tmp; echo $?; kill -9 1; echo $?'
t uname; uname -s; uname -m; uname -n; uname -r | grep -c '^[0-9]*\.[0-9]'; uname -o; arch
t hostname
hostname; hostname newname; hostname; uname -n; hostname assay; su nobody -s /bin/sh -c 'hostname bad; echo $?'
t hostid; hostid | grep -c -E '^[0-9a-f]{1,8}$'
t nproc; nproc | grep -c -E '^[0-9]+$'
t uptime
uptime | grep -c 'load average'; awk '{ print NF, ($1 > 0) }' /proc/uptime; awk '{ print NF }' /proc/loadavg
t free
free | awk '{ print $1 }' | grep -c Mem
awk '/^MemTotal|^MemFree|^MemAvailable/ { print $1, ($2 > 0), $3 }' /proc/meminfo
t df
mkdir mnt; mount -t tmpfs -o size=1m none mnt; df -k mnt | awk 'NR == 2 { print $1, $2, $6 }' | sed "s:$W:W:"
df mnt >/dev/null; echo $?; umount mnt
t mount
mount -t tmpfs -o mode=700,size=64k small mnt; stat -c %a mnt
grep " $W/mnt " /proc/mounts | awk '{ print $1, $3 }'; mount | grep "$W/mnt" | awk '{ print $1, $2, $4, $5 }'
dd if=/dev/zero of=mnt/f bs=1k count=100 2>/dev/null; echo $?; echo "$(($(stat -c %s mnt/f) / 1024))"
umount mnt; ls mnt
t mount-bind
mount --bind tree mnt; cat mnt/a/b/one; touch mnt/new; ls tree; rm tree/new; mount -o remount,ro,bind mnt
touch mnt/x; echo $?; umount mnt; umount mnt; echo $?; mount -t nosuchfs none mnt; echo $?
t mount-busy
mount -t tmpfs none mnt; (cd mnt; umount ../mnt; echo $?); exec 5>mnt/f; umount mnt; echo $?; exec 5>&-
umount mnt; echo $?; mountpoint -q / 2>/dev/null; su nobody -s /bin/sh -c "mount -t tmpfs none $W/mnt; echo \$?"
t mount-ro
mount -t tmpfs -o ro none mnt; touch mnt/x; mkdir mnt/y; echo $?; umount -l mnt; echo $?; mount -t proc proc mnt
cat mnt/self/comm; umount mnt
t chroot
mkdir -p jail/bin jail/etc; cp /bin/busybox jail/bin/; chroot jail /bin/busybox ls /
chroot jail /bin/busybox pwd; chroot jail /absent; echo $?
su nobody -s /bin/sh -c "chroot $W/jail /bin/busybox true; echo \$?"
t devices
ls -l /dev/null /dev/zero /dev/full /dev/random /dev/urandom | awk '{ print $1, $5, $6, $NF }'
echo x >/dev/full; echo $?; head -c 8 /dev/urandom | wc -c; cat /dev/null; head -c 3 /dev/zero | od -c
echo lost >/dev/null
t shm; echo shared >/dev/shm/x; cat /dev/shm/x; rm /dev/shm/x; stat -c %a /dev/shm
t stty
stty sane </dev/console; stty -echo -icanon </dev/console
stty -a </dev/console | tr ';' '\n' | grep -o -E '(^| )-?(echo|icanon|isig|opost)( |$)' | xargs
stty sane </dev/console
stty -a </dev/console | tr ' ' '\n' | grep -E '^-?(echo|icanon|isig|icrnl|onlcr)$' | xargs
stty rows 30 cols 90 </dev/console; stty size </dev/console; stty </dev/null; echo $?
t tty; tty </dev/null; echo $?; tty -s; echo $?
t sysctl
sysctl -n kernel.ostype; cat /proc/sys/kernel/ostype /proc/sys/kernel/hostname
awk '$NF == "proc" || $NF == "tmpfs" || $NF == "sysfs" { print }' /proc/filesystems | sort
t setsid-ctty; setsid sh -c 'echo x >/dev/tty; echo $?'
t watch-like
for i in 1 2; do cat /proc/sys/kernel/ostype; done; last 2>/dev/null | grep -c none-such
t logger; logger hello; echo $?; run-parts --test tree/c 2>/dev/null | wc -l
t run-parts
mkdir rp; printf '#!/bin/sh\necho part one\n' >rp/10-one; printf '#!/bin/sh\necho part two\n' >rp/20-two
chmod 755 rp/*; run-parts rp
t passwd-files; awk -F: '{ print $1, $3 }' /etc/passwd; grep -c nobody /etc/group
t ipcalc; ipcalc -n -b 192.168.1.10/24
t resize-and-clear; clear | od -c | head -n 1; reset >/dev/null 2>&1; echo done
t more; more fruit | head -n 2; TERM=dumb less fruit | head -n 1
t vi; printf ':s/pear/plum/\n:wq\n' | vi patched >/dev/null 2>&1; head -n 1 patched
t crond-like; crontab -l 2>/dev/null | wc -l; ts </dev/null; echo "x" | ts '%%'
t awk-vs-wc; find tree -type f -print0 | xargs -0 wc -c | tail -n 1; ls tree | wc -l
t taskset; taskset -p $$ | sed 's/.*: [0-9a-f]*/mask/'
t nsenter-like; unshare -h >/dev/null 2>&1; echo ran; pivot_root 2>/dev/null; echo $?
t blockdev; losetup -f >/dev/null 2>&1; blockdev --getsz fruit; echo $?
t mkfs
dd if=/dev/zero of=disk bs=1k count=200 2>/dev/null; mke2fs -F disk >/dev/null 2>&1; echo $?
hexdump -s 1080 -n 2 -C disk | head -n 1; mkswap disk >/dev/null 2>&1; echo $?
t clock
[ "$(date +%Y)" -ge 2020 ] && echo this century; a=$(date +%s); sleep 1; b=$(date +%s)
[ $((b - a)) -ge 1 ] && echo moves on
t ash-time
TIMEFORMAT=x; times | wc -l; echo $PPID | grep -c -E '^[0-9]+$'; echo $$ | grep -c -E '^[0-9]+$'
echo ${RANDOM:+random}; echo $OPTIND
t done; cd /; echo "$COUNT uses"
