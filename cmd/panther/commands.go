package main

// commands lists the commands in the order in which help shows them.
func commands() []command {
	return []command{
		{"demo", "see the whole pipeline at work on this machine", runDemo},
		{"run", "run the pipeline", runRun},
		{"classify", "classify log lines from files or standard input", runClassify},
		{"lake", "show what is in the lake", runLake},
	}
}
