package main

// commands lists the commands in the order in which help shows them.
func commands() []command {
	return []command{
		{"classify", "classify log lines from files or standard input", runClassify},
		{"lake", "show what is in the lake", runLake},
	}
}
