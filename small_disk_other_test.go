//go:build !linux

package main

import "errors"

func smallDisk(string, string) (string, error) { return "", errors.New("no small disk on this system") }
