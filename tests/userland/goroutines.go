// SPDX-License-Identifier: Apache-2.0

// Goroutines on threads: channels, locks, timers, signals, files, faults, other programs.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func pipeline() {
	numbers, squares := make(chan int), make(chan int)
	go func() {
		defer close(numbers)
		for i := 1; i <= 1000; i++ {
			numbers <- i
		}
	}()
	var group sync.WaitGroup
	for w := 0; w < 16; w++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := range numbers {
				squares <- n * n
			}
		}()
	}
	go func() { group.Wait(); close(squares) }()
	sum := 0
	for s := range squares {
		sum += s
	}
	fmt.Println("pipeline", sum)
}

func locks() {
	var mutex sync.Mutex
	var atomically int64
	var group sync.WaitGroup
	counts := map[int]int{}
	for g := 0; g < 100; g++ {
		group.Add(1)
		go func(g int) {
			defer group.Done()
			for i := 0; i < 100; i++ {
				mutex.Lock()
				counts[g%7]++
				mutex.Unlock()
				atomic.AddInt64(&atomically, 1)
				if i%10 == 0 {
					runtime.Gosched()
				}
			}
		}(g)
	}
	group.Wait()
	keys := []int{}
	for k := range counts {
		keys = append(keys, k)
	}
	sort.Ints(keys)
	for _, k := range keys {
		fmt.Print(k, "=", counts[k], " ")
	}
	fmt.Println(atomically)
}

func timers() {
	begin := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	select {
	case <-ctx.Done():
		fmt.Println("timer", ctx.Err(), time.Since(begin) >= 30*time.Millisecond)
	case <-time.After(20 * time.Second):
		fmt.Println("the timer never came")
	}
	ticker := time.NewTicker(5 * time.Millisecond)
	for i := 0; i < 3; i++ {
		<-ticker.C
	}
	ticker.Stop()
	fmt.Println("ticks")
}

// Threads of their own: each blocks in the kernel.
func threads() {
	var group sync.WaitGroup
	var total int64
	for t := 0; t < 20; t++ {
		group.Add(1)
		go func() {
			defer group.Done()
			runtime.LockOSThread()
			var fds [2]int
			if syscall.Pipe(fds[:]) != nil {
				return
			}
			go func() { syscall.Write(fds[1], []byte("x")) }()
			n, _ := syscall.Read(fds[0], make([]byte, 4))
			atomic.AddInt64(&total, int64(n))
			syscall.Close(fds[0])
			syscall.Close(fds[1])
		}()
	}
	group.Wait()
	fmt.Println("threads", total)
}

func preempted() {
	done := make(chan bool)
	var spinning int32 = 1
	go func() {
		for atomic.LoadInt32(&spinning) == 1 {
		}
		done <- true
	}()
	for i := 0; i < 5; i++ {
		time.Sleep(time.Millisecond)
		runtime.GC()
	}
	atomic.StoreInt32(&spinning, 0)
	fmt.Println("preempted", <-done)
}

func faults() {
	defer func() { fmt.Println("recovered:", recover()) }()
	var nothing *struct{ big [16]int }
	fmt.Println(nothing.big[3])
}

func divide(a, b int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("caught: %v", r)
		}
	}()
	fmt.Println(a / b)
	return nil
}

func deep(n int) int {
	var pad [128]byte
	pad[n%128] = 1
	if n == 0 {
		return 0
	}
	return deep(n-1) + int(pad[n%128])
}

func signals() {
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGUSR1)
	syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
	fmt.Println("signal", <-got)
}

func memory() {
	keep := [][]byte{}
	for i := 0; i < 200; i++ {
		b := bytes.Repeat([]byte{byte(i)}, 64*1024)
		if i%20 == 0 {
			keep = append(keep, b)
		}
	}
	debug.FreeOSMemory()
	sum := 0
	for _, b := range keep {
		sum += int(b[4096])
	}
	fmt.Println("memory", sum)
}

func files(folder string) {
	name := filepath.Join(folder, "go-file")
	fmt.Println(os.WriteFile(name, []byte(strings.Repeat("line\n", 3)), 0o640))
	f, err := os.Open(name)
	fmt.Println(err)
	lines := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		lines++
	}
	f.Close()
	info, _ := os.Stat(name)
	fmt.Println("file", lines, info.Size(), info.Mode(), os.Rename(name, name+"2"))
	content, _ := os.ReadFile(name + "2")
	fmt.Printf("%x\n", sha256.Sum256(content))
	_, err = os.ReadFile(name)
	fmt.Println(os.IsNotExist(err), os.Remove(name+"2"))
}

func programs() {
	out, err := exec.Command("/bin/busybox", "sh", "-c", "cat; echo $0; exit 3", "zero").CombinedOutput()
	fmt.Printf("%q %v\n", out, err)
	command := exec.Command("/bin/busybox", "tr", "a-z", "A-Z")
	command.Stdin = strings.NewReader("through a pipe")
	out, err = command.Output()
	fmt.Printf("%q %v\n", out, err)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	fmt.Println(exec.CommandContext(ctx, "/bin/busybox", "sleep", "30").Run())
	fmt.Println(exec.Command("/absent").Run())
}

func main() {
	pipeline()
	locks()
	timers()
	threads()
	preempted()
	faults()
	fmt.Println(divide(1, 0))
	fmt.Println("deep", deep(100000))
	signals()
	memory()
	files(os.Args[1])
	programs()
	os.Exit(6)
}
