package main

import (
	"panther/sinks/lake/compact"
	"panther/sinks/lake/gluesync"
)

// commands lists the commands in the order in which help shows them.
func commands() []command {
	return []command{
		{"demo", "see the whole pipeline at work on this machine", runDemo},
		{"run", "run the pipeline", runRun},
		{"apply", "make the catalogue say what files say", runApply},
		{"get", "show what the catalogue holds", runGet},
		{"produce", "send the lines of files to a log source", runProduce},
		{"alerts", "list, show and resolve alerts", runAlerts},
		{"sources", "show log sources, and set their alarms", runSources},
		{"topology", "draw the pipeline", runTopology},
		{"classify", "classify log lines from files or standard input", runClassify},
		{"explain", "say why a log line matches a schema, or none", runExplain},
		{"schema", "list, test, infer and compare the schemas of log types", runSchema},
		{"query", "answer SQL over the tables of the lake", runQuery},
		{"lake", "show what is in the lake", runLake},
		{"compact", "back-fill JSON log data into the lake", operate("compact", compact.Main)},
		{"gluesync", "make AWS Glue agree with the schemas and the tables", operate("gluesync", gluesync.Main)},
		{"version", "say which version this is", runVersion},
	}
}
