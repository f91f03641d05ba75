use std::collections::VecDeque;
use std::marker::PhantomData;

/// A map whose keys only grow: the newest goes to the end, the oldest mostly leaves first.
///
/// A sorted queue of pointers: insertion appends, look-up is a binary search, removal moves pointers on the shorter
/// side. One shape serves every kind of value, which keeps the wasm small.
pub(crate) struct Table<K, V> {
    keys: VecDeque<u64>,
    values: VecDeque<Box<V>>,
    kind: PhantomData<K>,
}

/// A key of a [`Table`]: a number that is given out in growing order.
pub(crate) trait Key: Copy {
    fn number(self) -> u64;
    fn of(number: u64) -> Self;
}

impl Key for u64 {
    fn number(self) -> u64 {
        self
    }

    fn of(number: u64) -> Self {
        number
    }
}

impl Key for i64 {
    fn number(self) -> u64 {
        self as u64
    }

    fn of(number: u64) -> Self {
        number as i64
    }
}

impl<K: Key, V> Table<K, V> {
    pub(crate) const fn new() -> Self {
        Self { keys: VecDeque::new(), values: VecDeque::new(), kind: PhantomData }
    }

    /// Adds an entry under a key that is larger than all before it.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        debug_assert!(self.keys.back().is_none_or(|last| *last < key.number()), "keys only grow");
        self.keys.push_back(key.number());
        self.values.push_back(Box::new(value));
    }

    fn at(&self, key: K) -> Option<usize> {
        find(&self.keys, key.number())
    }

    pub(crate) fn get(&self, key: K) -> Option<&V> {
        self.values.get(self.at(key)?).map(|value| &**value)
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let at = self.at(key)?;
        self.values.get_mut(at).map(|value| &mut **value)
    }

    pub(crate) fn contains(&self, key: K) -> bool {
        self.at(key).is_some()
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        let at = self.at(key)?;
        self.keys.remove(at);
        self.values.remove(at).map(|value| *value)
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = K> {
        self.keys.iter().map(|key| K::of(*key))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter().map(|value| &**value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.values.iter_mut().map(|value| &mut **value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.keys().zip(self.values())
    }

    /// Takes everything out, oldest first.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = (K, V)> + use<K, V> {
        let all = std::mem::replace(self, Self::new());
        all.keys.into_iter().map(K::of).zip(all.values.into_iter().map(|value| *value))
    }
}

fn find(keys: &VecDeque<u64>, key: u64) -> Option<usize> {
    // The oldest is answered first more often than not.
    if keys.front() == Some(&key) { Some(0) } else { keys.binary_search(&key).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_through_removals_anywhere() {
        let mut table = Table::<u64, char>::new();
        for (key, value) in [(1, 'a'), (2, 'b'), (5, 'c'), (9, 'd')] {
            table.insert(key, value);
        }
        assert_eq!(table.remove(5), Some('c'));
        assert_eq!(table.remove(5), None);
        assert_eq!(table.get(9), Some(&'d'));
        table.insert(10, 'e');
        assert_eq!(table.remove(1), Some('a'));
        assert_eq!(table.take().collect::<Vec<_>>(), [(2, 'b'), (9, 'd'), (10, 'e')]);
        assert!(table.is_empty());
    }
}
