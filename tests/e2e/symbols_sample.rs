//! Generic, inlined and closure-heavy code, for symbols_vs_addr2line.py: what Rust's compiler makes of names.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::Arc;
use std::thread;

trait Shape: Debug {
    fn area(&self) -> f64;
    fn name(&self) -> String {
        format!("{:?} of {}", self, self.area())
    }
}

#[derive(Debug, Clone)]
struct Square(f64);

#[derive(Debug, Clone)]
struct Circle {
    radius: f64,
}

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}

impl Shape for Circle {
    fn area(&self) -> f64 {
        self.radius * self.radius * 3.0
    }
}

#[inline(always)]
fn grouped<K: Ord + Clone, V, F: Fn(&V) -> K>(values: Vec<V>, key: F) -> BTreeMap<K, Vec<V>> {
    let mut groups = BTreeMap::new();
    for value in values {
        groups.entry(key(&value)).or_insert_with(Vec::new).push(value);
    }
    groups
}

mod inner {
    pub struct Wrapper<const N: usize, T>(pub [T; N]);

    impl<const N: usize, T: std::fmt::Display> Wrapper<N, T> {
        pub fn joined(&self) -> String {
            self.0.iter().map(|item| item.to_string()).collect::<Vec<_>>().join(",")
        }
    }
}

fn main() {
    let shapes: Vec<Box<dyn Shape>> = (0..100)
        .map(|n| -> Box<dyn Shape> {
            if n % 2 == 0 { Box::new(Square(n as f64)) } else { Box::new(Circle { radius: n as f64 }) }
        })
        .collect();
    let names: Vec<String> = shapes.iter().map(|shape| shape.name()).collect();
    let groups = grouped(names, |name| name.len());
    let shared = Arc::new(groups);
    let threads: Vec<_> = (0..2)
        .map(|number| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let mut counts: HashMap<usize, String> = HashMap::new();
                for (length, names) in shared.iter() {
                    counts.insert(*length + number, names.concat());
                }
                counts.len()
            })
        })
        .collect();
    let total: usize = threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum();
    println!("{} {}", total, inner::Wrapper([1, 2, 3]).joined());
}
