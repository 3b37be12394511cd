package samples

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// vpcFlow writes a flow log record of AWS VPC in the default format, version 2: 14 columns.
func vpcFlow(rng *rand.Rand, now time.Time) []byte {
	end := now.Unix()
	start := end - int64(1+rng.IntN(59))
	card := "eni-0c3d9f41b7e2a85" + text(rng, hexDigits, 1)
	if rng.IntN(50) == 0 {
		return fmt.Appendf(nil, "2 %s %s - - - - - - - %d %d - NODATA", awsAccount, card, start, end)
	}
	from, to := private(rng), private(rng)
	if rng.IntN(3) == 0 {
		from = public(rng)
	}
	fromPort, toPort := 32768+rng.IntN(28000), pick(rng, 22, 53, 80, 443, 443, 443, 3306, 5432, 9092)
	protocol := 6
	if toPort == 53 {
		protocol = 17
	}
	if rng.IntN(2) == 0 { // the answer
		from, to, fromPort, toPort = to, from, toPort, fromPort
	}
	packets := 1 + rng.IntN(400)
	action := "ACCEPT"
	if rng.IntN(12) == 0 {
		action = "REJECT"
	}
	return fmt.Appendf(nil, "2 %s %s %s %s %d %d %d %d %d %d %d %s OK",
		awsAccount, card, from, to, fromPort, toPort, protocol, packets, packets*(40+rng.IntN(1400)), start, end, action)
}

// nginx writes a line of an access log of Nginx in the format "combined".
func nginx(rng *rand.Rand, now time.Time) []byte {
	method, path := "GET", pick(rng, "/", "/login", "/assets/app.js", "/assets/site.css", "/api/v1/orders?page="+fmt.Sprint(1+rng.IntN(40)), "/api/v1/orders/"+fmt.Sprint(1000+rng.IntN(9000)), "/health", "/favicon.ico")
	status := pick(rng, 200, 200, 200, 200, 200, 304, 301, 404, 403, 500)
	if path == "/login" && rng.IntN(2) == 0 {
		method, status = "POST", 302
	}
	bytes := 150 + rng.IntN(60000)
	if status == 304 {
		bytes = 0
	}
	user := pick(rng, "-", "-", "-", "-", "alice")
	referer := pick(rng, "-", "https://shop.example.com/", "https://www.example.org/search?q=shoes")
	agent := browser(rng)
	if path == "/health" {
		referer, agent = "-", "kube-probe/1.31"
	}
	return fmt.Appendf(nil, `%s - %s [%s] "%s %s HTTP/%s" %d %d "%s" "%s"`,
		public(rng), user, now.UTC().Format("02/Jan/2006:15:04:05 -0700"), method, path, pick(rng, "1.1", "2.0"), status, bytes, referer, agent)
}
