// Package childproc runs child processes that never outlive their parent: a
// test binary that panics, is killed or times out leaves no server behind.
//
// On Linux the kernel kills the child when the parent dies. Elsewhere nothing
// does, so there a child is gone for certain only after [Process.Stop].
// Every child leads a process group of its own: the interrupt of a terminal
// reaches the parent alone, which then stops its children in order.
package childproc
