//go:build !race

package winrm_test

// raceDetector reports whether the race detector would speak up about the library.
const raceDetector = false
