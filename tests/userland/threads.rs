// SPDX-License-Identifier: Apache-2.0
//! Threads of the standard library: channels, locks, barriers, panics, files, other programs.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

thread_local!(static OWN: Cell<usize> = Cell::new(1));

fn channels() {
    let (send, receive) = mpsc::channel();
    let workers: Vec<_> = (0..8)
        .map(|w| {
            let send = send.clone();
            thread::spawn(move || (0..100).for_each(|i| send.send(w * 100 + i).unwrap()))
        })
        .collect();
    drop(send);
    let sum: usize = receive.iter().sum();
    workers.into_iter().for_each(|w| w.join().unwrap());
    println!("channels {}", sum);
}

fn locks() {
    let map = Arc::new(Mutex::new(BTreeMap::new()));
    let shared = Arc::new(RwLock::new(0usize));
    let counter = Arc::new(AtomicUsize::new(0));
    let barrier = Arc::new(Barrier::new(10));
    let threads: Vec<_> = (0..10)
        .map(|t| {
            let (map, shared, counter, barrier) = (map.clone(), shared.clone(), counter.clone(), barrier.clone());
            thread::spawn(move || {
                barrier.wait();
                for i in 0..200 {
                    *map.lock().unwrap().entry(t % 3).or_insert(0) += 1;
                    counter.fetch_add(1, Ordering::SeqCst);
                    if i % 50 == 0 {
                        *shared.write().unwrap() += *counter.try_lock_free();
                    }
                    OWN.with(|own| own.set(own.get() + 1));
                }
                OWN.with(|own| own.get())
            })
        })
        .collect();
    let own: usize = threads.into_iter().map(|t| t.join().unwrap()).sum();
    println!("locks {:?} {} {} {}", map.lock().unwrap(), shared.read().unwrap(), counter.load(Ordering::SeqCst), own);
}

trait One {
    fn try_lock_free(&self) -> &usize;
}

impl One for AtomicUsize {
    fn try_lock_free(&self) -> &usize {
        &1
    }
}

fn conditions() {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let other = pair.clone();
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        *other.0.lock().unwrap() = true;
        other.1.notify_all();
    });
    let mut ready = pair.0.lock().unwrap();
    while !*ready {
        ready = pair.1.wait(ready).unwrap();
    }
    drop(ready);
    thread.join().unwrap();
    let begin = Instant::now();
    let lock = Mutex::new(());
    let (_guard, result) = Condvar::new().wait_timeout(lock.lock().unwrap(), Duration::from_millis(10)).unwrap();
    println!("conditions {} {}", result.timed_out(), begin.elapsed() >= Duration::from_millis(10));
}

fn panics() {
    std::panic::set_hook(Box::new(|_| println!("a thread panics")));
    let joined = thread::spawn(|| panic!("on purpose")).join();
    println!("panic {:?}", joined.unwrap_err().downcast_ref::<&str>());
    let caught = std::panic::catch_unwind(|| {
        let list = vec![1, 2, 3];
        list[std::env::args().count() + 5]
    });
    println!("caught {}", caught.is_err());
}

fn deep(n: usize) -> usize {
    let pad = [n as u8; 64];
    if n == 0 { 0 } else { deep(n - 1) + (unsafe { std::ptr::read_volatile(&pad[n % 64]) } == n as u8) as usize }
}

fn stacks() {
    let thread = thread::Builder::new().stack_size(32 << 20).name("deep".into()).spawn(|| deep(50_000)).unwrap();
    println!("stack {}", thread.join().unwrap());
    let many: Vec<_> = (0..64).map(|i| thread::spawn(move || i)).collect();
    println!("many {}", many.into_iter().map(|t| t.join().unwrap()).sum::<i32>());
}

fn files(folder: &str) -> std::io::Result<()> {
    let path = format!("{}/rust-file", folder);
    let mut file = fs::OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
    writeln!(file, "one\ntwo")?;
    file.seek(SeekFrom::Start(4))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    println!("file {:?} {}", text, file.metadata()?.len());
    file.set_len(2)?;
    println!("{:?}", BufReader::new(fs::File::open(&path)?).lines().next().unwrap()?);
    fs::create_dir_all(format!("{}/r/s", folder))?;
    fs::rename(&path, format!("{}/r/s/moved", folder))?;
    println!("{:?}", fs::read_dir(format!("{}/r/s", folder))?.map(|e| e.unwrap().file_name()).collect::<Vec<_>>());
    println!("{:?}", fs::File::open(&path).map(|_| ()).map_err(|e| e.kind()));
    fs::remove_dir_all(format!("{}/r", folder))
}

fn programs() -> std::io::Result<()> {
    let out = Command::new("/bin/busybox").args(["sh", "-c", "echo $A; exit 9"]).env("A", "given").output()?;
    println!("{:?} {:?}", String::from_utf8_lossy(&out.stdout), out.status.code());
    let mut child = Command::new("/bin/busybox").arg("rev").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().unwrap().write_all(b"stressed\n")?;
    println!("{:?}", String::from_utf8_lossy(&child.wait_with_output()?.stdout));
    let mut child = Command::new("/bin/busybox").args(["sleep", "30"]).spawn()?;
    child.kill()?;
    println!("{}", child.wait()?);
    println!("{:?}", Command::new("/absent").spawn().map(|_| ()).map_err(|e| e.kind()));
    Ok(())
}

fn main() {
    channels();
    locks();
    conditions();
    panics();
    stacks();
    files(&std::env::args().nth(1).unwrap()).unwrap();
    programs().unwrap();
    std::process::exit(7);
}
