package tds

import (
	"fmt"
	"math"
)

// Types of parameters and columns, [MS-TDS] 2.2.5.4.
const (
	typeNull           = 0x1f
	typeGUID           = 0x24
	typeIntN           = 0x26
	typeDate           = 0x28
	typeTime           = 0x29
	typeDateTime2      = 0x2a
	typeDateTimeOffset = 0x2b
	typeTinyInt        = 0x30
	typeBit            = 0x32
	typeSmallInt       = 0x34
	typeInt            = 0x38
	typeReal           = 0x3b
	typeFloat          = 0x3e
	typeBitN           = 0x68
	typeDecimalN       = 0x6a
	typeNumericN       = 0x6c
	typeFloatN         = 0x6d
	typeMoneyN         = 0x6e
	typeDateTimeN      = 0x6f
	typeBigInt         = 0x7f
	typeVarbinary      = 0xa5
	typeVarchar        = 0xa7
	typeBinary         = 0xad
	typeChar           = 0xaf
	typeNVarchar       = 0xe7
	typeNChar          = 0xef
)

// parameter reads TYPE_INFO and the value behind it.
func parameter(c *cursor) (any, error) {
	kind := c.byte()
	switch kind {
	case typeNull:
		return nil, c.err()
	case typeTinyInt, typeBit:
		return integer(c.take(1)), c.err()
	case typeSmallInt:
		return integer(c.take(2)), c.err()
	case typeInt:
		return integer(c.take(4)), c.err()
	case typeBigInt:
		return integer(c.take(8)), c.err()
	case typeReal:
		return c.take(4), c.err()
	case typeFloat:
		return c.take(8), c.err()
	case typeIntN, typeBitN:
		c.byte() // longest
		b := c.take(int(c.byte()))
		if len(b) == 0 {
			return nil, c.err()
		}
		return integer(b), c.err()
	case typeGUID, typeFloatN, typeMoneyN, typeDateTimeN, typeTime, typeDateTime2, typeDateTimeOffset:
		c.byte() // longest, or scale
		return c.take(int(c.byte())), c.err()
	case typeDate:
		return c.take(int(c.byte())), c.err()
	case typeDecimalN, typeNumericN:
		c.take(3) // longest, precision, scale
		return c.take(int(c.byte())), c.err()
	case typeVarchar, typeChar, typeNVarchar, typeNChar, typeVarbinary, typeBinary:
		return characters(c, kind)
	}
	return nil, fmt.Errorf("tds: parameter of type %#x", kind)
}

// characters reads the types whose length has two bytes, or that come in pieces.
func characters(c *cursor, kind byte) (any, error) {
	const pieces, null = 0xffff, 0xffff
	longest := c.uint16()
	binary := kind == typeVarbinary || kind == typeBinary
	if !binary {
		c.take(5) // collation
	}
	var b []byte
	if longest == pieces {
		var there bool
		if b, there = inPieces(c); !there {
			return nil, c.err()
		}
	} else {
		n := c.uint16()
		if n == null {
			return nil, c.err()
		}
		b = c.take(n)
	}
	switch {
	case c.short:
		return nil, errCutShort
	case binary:
		return b, nil
	case kind == typeNVarchar || kind == typeNChar:
		return fromUTF16(b), nil
	}
	return string(b), nil
}

// inPieces reads a partially length-prefixed value, [MS-TDS] 2.2.5.2.3; there is
// false for NULL.
func inPieces(c *cursor) (b []byte, there bool) {
	if c.uint64() == math.MaxUint64 {
		return nil, false
	}
	for {
		n := c.uint32()
		if n == 0 || c.short || uint64(n) > uint64(len(c.b)) {
			c.short = c.short || n != 0
			return b, true
		}
		b = append(b, c.take(int(n))...)
	}
}

// integer is a number of 1, 2, 4 or 8 bytes; a single byte has no sign.
func integer(b []byte) int64 {
	var u uint64
	for i := len(b) - 1; i >= 0; i-- {
		u = u<<8 | uint64(b[i])
	}
	if n := len(b); n > 1 && n <= 8 {
		shift := 64 - 8*n
		return int64(u<<shift) >> shift
	}
	return int64(u)
}
