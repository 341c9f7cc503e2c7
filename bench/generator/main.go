// The load generator of bench/services: vegeta's attacker with a pacer that keeps its schedule to some microseconds.
//
//	generator -targets FILE -rate PER_SECOND -seconds SECONDS -connections N
//
// FILE holds vegeta's JSON targets, one a line, asked in turn. A rate of 0 is a closed loop: each connection asks again
// as soon as it was answered. Standard output is CSV, a line per request:
//
//	intended, sent, done (nanoseconds since the start), status (0: no answer), error
//
// Exit 2 on a wrong argument, 1 when nothing could be written.
package main

import (
	"encoding/csv"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// What a request may take until it counts as unanswered.
const timeout = 10 * time.Second

// onTime paces requests evenly. Vegeta's own pacers leave the waiting to Go's timers, which are up to 1 ms late: more
// than a request takes here.
type onTime struct {
	interval time.Duration
	began    time.Time
}

// Pace returns when the next request is due.
func (p *onTime) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	if hits == 0 {
		p.began = time.Now().Add(-elapsed)
	}
	if early := p.intended(hits) - elapsed; early > 0 {
		pause := syscall.NsecToTimespec(early.Nanoseconds())
		_ = syscall.Nanosleep(&pause, nil) // interrupted: the request is sent a little early, and its record says so
	}
	return 0, false
}

// Rate is for vegeta's own reports, which are not used.
func (p *onTime) Rate(time.Duration) float64 {
	return 0
}

func (p *onTime) intended(hit uint64) time.Duration {
	return time.Duration(hit) * p.interval
}

func main() {
	file := flag.String("targets", "", "file of vegeta's JSON targets")
	rate := flag.Float64("rate", 0, "requests per second; 0: a closed loop")
	seconds := flag.Float64("seconds", 1, "how long to send")
	connections := flag.Int("connections", 1, "connections at most")
	flag.Parse()
	targets, err := os.Open(*file)
	if err != nil || *rate < 0 || *connections < 1 {
		fmt.Fprintln(os.Stderr, "generator: wrong arguments:", err)
		flag.Usage()
		os.Exit(2)
	}
	targeter := vegeta.NewJSONTargeter(targets, nil, http.Header{})
	all, err := vegeta.ReadAllTargets(targeter)
	if err != nil {
		fmt.Fprintln(os.Stderr, "generator: cannot read the targets:", err)
		os.Exit(2)
	}
	pacer := &onTime{}
	workers := []func(*vegeta.Attacker){vegeta.Workers(uint64(*connections)), vegeta.MaxWorkers(uint64(*connections))}
	if *rate > 0 {
		pacer.interval = time.Duration(float64(time.Second) / *rate)
		// No bound: whoever waits for a connection waits from the time that was intended.
		workers = []func(*vegeta.Attacker){vegeta.Workers(uint64(*connections))}
	}
	options := append(workers, vegeta.Connections(*connections), vegeta.MaxConnections(*connections),
		vegeta.Timeout(timeout), vegeta.MaxBody(0), vegeta.Redirects(vegeta.NoFollow), vegeta.HTTP2(false))
	attack := vegeta.NewAttacker(options...).Attack(
		vegeta.NewStaticTargeter(all...), pacer, time.Duration(*seconds*float64(time.Second)), "")
	if err := write(attack, pacer, *rate > 0); err != nil {
		fmt.Fprintln(os.Stderr, "generator: cannot write:", err)
		os.Exit(1)
	}
}

// write keeps all records until the attack is over: writing meanwhile would take the processor from it.
func write(attack <-chan *vegeta.Result, pacer *onTime, open bool) error {
	var lines [][]string
	for r := range attack {
		sent := r.Timestamp.Sub(pacer.began)
		intended := sent
		if open {
			intended = pacer.intended(r.Seq)
		}
		lines = append(lines, []string{
			strconv.FormatInt(intended.Nanoseconds(), 10),
			strconv.FormatInt(sent.Nanoseconds(), 10),
			strconv.FormatInt((sent + r.Latency).Nanoseconds(), 10),
			strconv.Itoa(int(r.Code)),
			r.Error,
		})
	}
	return csv.NewWriter(os.Stdout).WriteAll(lines)
}
