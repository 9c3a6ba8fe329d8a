package cli

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// Process is what a run of the command sees of its process.
type Process struct {
	Args    []string            // without the program's name
	Env     func(string) string // os.Getenv
	Stdout  io.Writer           // what was asked for
	Stderr  io.Writer           // what is said about it
	Signals <-chan os.Signal    // the first asks for a graceful end, the second for one at once
	flags   *flag.FlagSet       // of the verb that runs
	// tune changes the options of a proxy: tests bear with a machine that is busy.
	tune func(*proxyOptions)
}

// verb is one thing that the command does.
type verb struct {
	name  string
	args  string // as usage shows them
	short string // one line
	// about is what its help says before the flags.
	about string
	run   func(p *Process) error
}

func verbs() []verb {
	return []verb{engineVerb(), helpVerb(), proxyVerb(), versionVerb()}
}

// usageError is a call that cannot be meant as it stands.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Run does what the arguments say and returns the exit code.
func (p *Process) Run() int {
	if len(p.Args) == 0 {
		p.overview(p.Stderr)
		return exitUsage
	}
	name := p.Args[0]
	switch name {
	case "-h", "-help", "--help":
		name = "help"
	case "-version", "--version":
		name = "version"
	}
	v, ok := find(name)
	if !ok {
		fmt.Fprintf(p.Stderr, "redbrick: no command is named %q, expected one of those that \"redbrick help\" lists\n", name)
		return exitUsage
	}
	p.flags = flag.NewFlagSet(v.name, flag.ContinueOnError)
	p.flags.SetOutput(io.Discard)
	err := v.run(p)
	var wrong usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		p.describe(v)
		return exitOK
	case errors.As(err, &wrong):
		fmt.Fprintf(p.Stderr, "redbrick %s: %v\n\"redbrick help %s\" tells how it is used\n", v.name, err, v.name)
		return exitUsage
	}
	fmt.Fprintf(p.Stderr, "redbrick %s: %v\n", v.name, err)
	return exitFailure
}

// parse reads the flags that the verb has declared. Verbs take no more words than most.
func (p *Process) parse(most int) error {
	switch err := p.flags.Parse(p.Args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return usageError{err}
	case p.flags.NArg() > most:
		return usagef("%q is one word too many, expected flags alone", p.flags.Arg(most))
	}
	return nil
}

func find(name string) (verb, bool) {
	for _, v := range verbs() {
		if v.name == name {
			return v, true
		}
	}
	return verb{}, false
}

// overview lists the verbs.
func (p *Process) overview(w io.Writer) {
	fmt.Fprintln(w, "usage: redbrick <command> [flags]")
	fmt.Fprintln(w)
	for _, v := range verbs() {
		fmt.Fprintf(w, "  %-8s  %s\n", v.name, v.short)
	}
	fmt.Fprintln(w, "\n\"redbrick help <command>\" lists the flags of one.")
}

// describe prints the help of a verb whose flags are declared.
func (p *Process) describe(v verb) {
	var text bytes.Buffer
	fmt.Fprintf(&text, "usage: redbrick %s %s\n\n%s\n", v.name, v.args, v.about)
	p.flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(&text, "\n  --%s %s\n      %s", f.Name, value, usage)
		if f.DefValue != "" {
			fmt.Fprintf(&text, " (%s)", f.DefValue)
		}
	})
	text.WriteByte('\n')
	_, _ = p.Stdout.Write(text.Bytes())
}
