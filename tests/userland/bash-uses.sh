#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Uses of bash beyond POSIX; what is printed is the same on every Linux. bash-uses.sh FOLDER
export PATH=/bin LC_ALL=C
cd "$1" || exit 1
exec 2>&1
echo "== arrays"
a=(one two "three four"); a+=(five); echo "${#a[@]} ${a[2]} ${a[@]:1:2} ${!a[*]}"
unset 'a[1]'; echo "${a[*]}"
declare -A m=([x]=1 [y]=2); m[z]=3; for k in x y z; do echo -n "$k=${m[$k]} "; done; echo "${#m[@]}"
echo "== expansion"
v=Hello; echo "${v^^} ${v,,} ${v/l/L} ${v//l/L} ${v:1:3} ${v: -2} ${v@Q}"
echo {1..5} {a..e..2} x{p,q}y
shopt -s extglob nullglob
touch f1 f2 g1; echo f* !(f*) none*; [[ $v =~ ^H(.*)o$ ]] && echo "${BASH_REMATCH[1]}"
echo "== arithmetic"
((x = 5, y = x ** 2)); echo "$x $y $((y > 20 ? 1 : 0)) $((16#ff)) $((RANDOM >= 0))"
for ((i = 0; i < 3; i++)); do echo -n "$i "; done; echo
echo "== functions"
f() { local -n ref=$1; ref=changed; return 3; }; r=old; f r; echo "$? $r"
g() { echo "${FUNCNAME[0]} ${FUNCNAME[1]}"; }; h() { g; }; h
echo "== substitution"
diff <(printf '1\n2\n') <(printf '1\n3\n') | grep -c '^[-+]'; cat < <(echo inner)
echo to-process > >(cat); sleep 0.2
echo "== here"
cat <<<"string $((1 + 1))"; read -r first rest <<<"a b c"; echo "$first|$rest"
mapfile -t lines < <(seq 3); echo "${#lines[@]} ${lines[2]}"; printf -v p '%03d' 7; echo "$p"; printf '%(%Y)T\n' 0
echo "== coproc"
coproc C { while read -r l; do echo "got $l"; done; }; echo hi >&"${C[1]}"; read -r l <&"${C[0]}"; echo "$l"
eval "exec ${C[1]}>&-"; wait "$C_PID"; echo $?
echo "== traps"
(trap 'echo usr1' USR1; kill -USR1 $BASHPID; trap 'echo exit' EXIT); (trap 'echo err' ERR; false; true)
(set -e; false; echo never); echo $?
(set -u; echo "$undefined_name"); echo $?; (set -o pipefail; false | true; echo $?)
echo "== jobs"
(set -m; sleep 30 & kill -STOP $!; sleep 0.3; jobs -s | sed 's/  */ /g'; kill -KILL %1; wait) 2>/dev/null
sleep 0.1 & sleep 20 & wait -n; echo $?; kill $!; wait $!; echo $?; (exit 4) & wait $!; echo "$? ${PIPESTATUS[0]}"
false | true | (exit 3); echo "${PIPESTATUS[@]}"
echo "== redirections"
{ echo out; echo err >&2; } &>both; cat both; exec {fd}<both; read -r l <&$fd; echo "$l $((fd >= 10))"
exec {fd}<&-; echo app &>>both; wc -l <both
echo "== read"
echo abc | { read -r -n 2 q; echo "$q"; }; read -r -t 0.1 q < <(sleep 1); echo $(($? > 128))
IFS=: read -ra parts <<<"a:b:c"; echo "${#parts[@]}"
echo "== misc"
echo "${BASH_VERSINFO[0]}" | grep -c '^[0-9]*$'; type -t echo for ls f; printf '%q\n' "a b'c"
ulimit -n 99; ulimit -n; umask 027; umask -S; times | wc -l
case abc in a*) echo one ;;& *c) echo two ;; esac
select s in x y; do echo "sel $s"; break; done <<<2
let z=4+5; echo "$z"; declare -i n=3+4; echo $n; readonly ro=1; (ro=2) ; echo $?
exec -a renamed /bin/busybox true; echo never
