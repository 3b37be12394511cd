// Package lake is the sink that turns events and classification failures into Apache Iceberg tables, each line exactly once.
//
// Its one idea: the files of a flush and the Kafka offsets that they reach become visible in one atomic step, the creation
// of the table's next version of metadata. The table itself says what it has, in the property kafka.offset.<topic id>.<partition>:
// every row of that partition below that offset, and none above. A writer
//
//   - writes its rows as Parquet, under names that nobody else uses;
//   - loads the table and looks: rows below the offset are there already and are dropped;
//   - commits files and new offset, on condition that nobody has committed since (compare-and-swap on the snapshot);
//   - on any error loads the table again and looks: the offset is the new one, so it is in and only the answer was lost; it
//     is the old one, so it may try again with the same files; it is another one, so another writer has the partition, and
//     this one drops what it has of it and gives it up (FencedError).
//
// Many tables are fed from one topic. The offset of the consumer group moves only past rows that their tables hold; where it
// stands is where the next owner of a partition begins, and what the tables have beyond it, they skip.
//
// Read sink.go for the buffers, commit.go for the step above, files.go for the compare-and-swap on a folder, and rows.go and
// fill.go for how records become columns. Reading, for commands and audits, is in read.go.
package lake
