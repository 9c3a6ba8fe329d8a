package cli

func helpVerb() verb {
	return verb{
		name: "help", args: "[command]", short: "lists the commands, or the flags of one",
		about: "Lists the commands, or tells about one.",
		run:   runHelp,
	}
}

func runHelp(p *Process) error {
	if err := p.parse(1); err != nil {
		return err
	}
	name := p.flags.Arg(0)
	if name == "" {
		p.overview(p.Stdout)
		return nil
	}
	v, ok := find(name)
	if !ok {
		return usagef("no command is named %q, expected one of those that \"redbrick help\" lists", name)
	}
	// The verb declares its flags and finds -h before it does anything.
	p.Args = []string{v.name, "-h"}
	p.Run()
	return nil
}
