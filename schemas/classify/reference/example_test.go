package reference_test

import (
	"fmt"
	"time"

	"panther/schemas/classify"
	"panther/schemas/classify/reference"
	"panther/schemas/logtype"
)

func ExampleNew() {
	flow, _ := logtype.Builtin("AWS.VPCFlow")
	checker := reference.New([]*logtype.Schema{flow})
	for _, line := range []string{
		"2 111122223333 eni-0a1b2c3d - - - - - - - 1772352000 1772352059 - NODATA",
		"2 111122223333 eni-0a1b2c3d - - - https - - - 1772352000 1772352059 - NODATA",
	} {
		v := checker.Check(classify.Line{Bytes: []byte(line), RowID: "row-1", SourceID: "net", SourceLabel: "network",
			ParseTime: time.Date(2026, 3, 1, 8, 2, 0, 0, time.UTC)})
		if v.Schema == nil {
			fmt.Println(classify.Summary(v.Candidates[0]), v.Candidates[0].Reasons[0].Span)
			continue
		}
		fmt.Println(string(v.Event))
	}
	// Output:
	// {"version":2,"account":"111122223333","interfaceId":"eni-0a1b2c3d","start":"2026-03-01T08:00:00Z","end":"2026-03-01T08:00:59Z","status":"NODATA","p_log_type":"AWS.VPCFlow","p_row_id":"row-1","p_event_time":"2026-03-01T08:00:00Z","p_parse_time":"2026-03-01T08:02:00Z","p_source_id":"net","p_source_label":"network","p_schema_version":0,"p_any_aws_account_ids":["111122223333"]}
	// AWS.VPCFlow: field dstPort: expected int, got string "https" {34 39}
}
