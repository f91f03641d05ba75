//! No task at all: a call, the socket's `onmessage` and the timer pump in their own event.
//!
//! The waker handed to the halves pumps at once, or, if a pump is running, leaves a mark that the pump looks at before
//! it ends. A waker must be `Send`, and what it reaches is not: it carries a number, and the drivers stay in a table of
//! their thread.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::client::driver::{Driver, Host};
use crate::session::Table;

trait Pump {
    fn pump(&self, waker: &Waker) -> Poll<()>;
    fn running(&self) -> &Cell<bool>;
    fn again(&self) -> &Cell<bool>;
}

struct Runner<H: Host> {
    driver: RefCell<Driver<H>>,
    running: Cell<bool>,
    again: Cell<bool>,
}

impl<H: Host> Pump for Runner<H> {
    fn pump(&self, waker: &Waker) -> Poll<()> {
        self.driver.borrow_mut().pump(&mut Context::from_waker(waker))
    }

    fn running(&self) -> &Cell<bool> {
        &self.running
    }

    fn again(&self) -> &Cell<bool> {
        &self.again
    }
}

type Runners = Table<u64, (Rc<dyn Pump>, Waker)>;

thread_local! {
    static RUNNERS: RefCell<Runners> = const { RefCell::new(Table::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

struct Number(u64);

impl Wake for Number {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let found = RUNNERS.with_borrow(|all| all.get(self.0).cloned());
        let Some((runner, waker)) = found else { return };
        runner.again().set(true);
        if runner.running().replace(true) {
            return;
        }
        while runner.again().replace(false) {
            if runner.pump(&waker).is_ready() {
                let gone = RUNNERS.with_borrow_mut(|all| all.remove(self.0));
                // Dropped here, when the table is free again: a driver's end may wake others.
                drop(gone);
                break;
            }
        }
        runner.running().set(false);
    }
}

/// Runs the driver until its client is closed.
pub(crate) fn start<H: Host>(driver: Driver<H>) {
    let number = NEXT.get();
    NEXT.set(number.wrapping_add(1));
    let waker = Waker::from(Arc::new(Number(number)));
    let runner = Rc::new(Runner { driver: RefCell::new(driver), running: Cell::new(false), again: Cell::new(false) });
    RUNNERS.with_borrow_mut(|all| all.insert(number, (runner, waker.clone())));
    waker.wake();
}
