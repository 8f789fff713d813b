// Package conformance runs the official Gateway API conformance suite, unmodified, against any kubeconfig.
package conformance

import (
	"os"
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
	"sigs.k8s.io/gateway-api/conformance/tests"
	"sigs.k8s.io/gateway-api/conformance/utils/suite"
)

// TestConformance takes the suite's own flags. With TORANA_SERIAL=1 the tests that may run in parallel run one after the
// other: only then does the report of v1.6.1 say how they ended (it counts a parallel test as passed before it has run).
func TestConformance(t *testing.T) {
	if os.Getenv("TORANA_SERIAL") == "1" {
		for i := range tests.ConformanceTests {
			tests.ConformanceTests[i].Parallel = false
		}
	}
	options := conformance.DefaultOptions(t)
	conformance.RunConformanceWithOptions(t, options)
	_ = suite.ConformanceOptions{}
}
