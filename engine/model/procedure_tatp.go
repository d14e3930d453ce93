package model

import (
	"errors"
	"fmt"
	"strings"
)

// The rows' widths and places are those of bpf/procedure_tatp.bpf.h.
const (
	subscriberBytes = 127
	locationAt      = 117
	bit1At          = 16
	facilityBytes   = 15
	dataAAt         = 6
	forwardingBytes = 18
	numberxAt       = 3
)

var errStart = errors.New("start_time must be 0, 8 or 16")

const endRefusal = "end_time must be 0 to 24"

// oneOfFour checks an argument that is a type.
func (c *procedureCall) oneOfFour(i int, what string) error {
	if len(c.args[i]) != 1 || !strings.Contains("1234", c.args[i]) {
		return fmt.Errorf("%s must be 1 to 4", what)
	}
	return nil
}

// startTime reads an argument and returns its one text.
func (c *procedureCall) startTime(i int) (string, error) {
	start, err := c.small(i, 16, errStart.Error())
	if err == nil && start%8 != 0 {
		err = errStart
	}
	return fmt.Sprint(start), err
}

func (c *procedureCall) idAndType(what string) error {
	if err := c.digits(0, 1, 20, "subscriber id"); err != nil {
		return err
	}
	return c.oneOfFour(1, what)
}

func (c *procedureCall) numberAndType() error {
	if err := c.digits(0, 15, 15, "sub_nbr"); err != nil {
		return err
	}
	return c.oneOfFour(1, "sf_type")
}

// findID reads the secondary index.
func (c *procedureCall) findID() (id string, found bool, err error) {
	id, found, err = c.get("t:n:" + c.args[0])
	if len(id) > 20 {
		return "", true, errMalformed
	}
	return id, found, err
}

// row reads a row of fixed width.
func (c *procedureCall) row(key string, width int) (row string, found bool, err error) {
	row, found, err = c.get(key)
	if found && len(row) != width {
		return "", true, errMalformed
	}
	return row, found, err
}

// replace changes part of a row.
func replace(row string, at int, part string) string {
	return row[:at] + part + row[at+len(part):]
}

func getSubscriberData(c *procedureCall) error {
	if err := c.digits(0, 1, 20, "subscriber id"); err != nil {
		return err
	}
	row, found, err := c.get("t:s:" + c.args[0])
	c.reply.value([]byte(row), found)
	return err
}

func getAccessData(c *procedureCall) error {
	if err := c.idAndType("ai_type"); err != nil {
		return err
	}
	row, found, err := c.get("t:a:" + c.args[0] + ":" + c.args[1])
	c.reply.value([]byte(row), found)
	return err
}

func getNewDestination(c *procedureCall) error {
	if err := c.idAndType("sf_type"); err != nil {
		return err
	}
	start, err := c.small(2, 24, "start_time must be 0 to 24")
	if err != nil {
		return err
	}
	end, err := c.small(3, 24, endRefusal)
	if err != nil {
		return err
	}
	key := c.args[0] + ":" + c.args[1]
	facility, found, err := c.row("t:f:"+key, facilityBytes)
	if err != nil {
		return err
	}
	var numbers []string
	for from := 0; found && facility[0] == '1' && from <= min(start, 16); from += 8 {
		row, found, err := c.row(fmt.Sprintf("t:w:%s:%d", key, from), forwardingBytes)
		if err != nil {
			return err
		}
		if found && uint32(end) < uint32((int(row[0])-'0')*10+int(row[1])-'0') {
			numbers = append(numbers, row[numberxAt:])
		}
	}
	c.reply.array(len(numbers))
	for _, number := range numbers {
		c.reply.bulkText(number)
	}
	return nil
}

func updateLocation(c *procedureCall) error {
	if err := c.digits(0, 15, 15, "sub_nbr"); err != nil {
		return err
	}
	if err := c.digits(1, 10, 10, "vlr_location"); err != nil {
		return err
	}
	id, found, err := c.findID()
	switch {
	case err != nil:
		return err
	case !found:
		return c.finish(0)
	}
	row, found, err := c.row("t:s:"+id, subscriberBytes)
	switch {
	case err != nil:
		return err
	case !found:
		return c.finish(0)
	}
	return c.finish(1, keyValue{"t:s:" + id, replace(row, locationAt, c.args[1])})
}

func updateSubscriberData(c *procedureCall) error {
	if err := c.digits(0, 1, 20, "subscriber id"); err != nil {
		return err
	}
	if c.args[1] != "0" && c.args[1] != "1" {
		return errors.New("bit_1 must be 0 or 1")
	}
	if err := c.oneOfFour(2, "sf_type"); err != nil {
		return err
	}
	dataA, err := c.small(3, 255, "data_a must be 0 to 255")
	if err != nil {
		return err
	}
	rowKey, facilityKey := "t:s:"+c.args[0], "t:f:"+c.args[0]+":"+c.args[2]
	row, found, err := c.get(rowKey)
	if err != nil {
		return err
	}
	facility, there, err := c.get(facilityKey)
	switch {
	case err != nil:
		return err
	case !found || !there:
		return c.finish(0)
	case len(row) != subscriberBytes || len(facility) != facilityBytes:
		return errMalformed
	}
	return c.finish(1, keyValue{rowKey, replace(row, bit1At, c.args[1])},
		keyValue{facilityKey, replace(facility, dataAAt, fmt.Sprintf("%03d", dataA))})
}

func insertCallForwarding(c *procedureCall) error {
	if err := c.numberAndType(); err != nil {
		return err
	}
	start, err := c.startTime(2)
	if err != nil {
		return err
	}
	end, err := c.small(3, 24, endRefusal)
	if err != nil {
		return err
	}
	if err := c.digits(4, 15, 15, "numberx"); err != nil {
		return err
	}
	id, found, err := c.findID()
	switch {
	case err != nil:
		return err
	case !found:
		return c.finish(0)
	}
	key := id + ":" + c.args[1]
	if _, found, err = c.row("t:f:"+key, facilityBytes); err != nil {
		return err
	}
	if !found {
		return c.finish(0)
	}
	key = "t:w:" + key + ":" + start
	switch _, found, err = c.get(key); {
	case err != nil:
		return err
	case found:
		return c.finish(0)
	}
	return c.finish(1, keyValue{key, fmt.Sprintf("%02d,%s", end, c.args[4])})
}

func deleteCallForwarding(c *procedureCall) error {
	if err := c.numberAndType(); err != nil {
		return err
	}
	start, err := c.startTime(2)
	if err != nil {
		return err
	}
	id, found, err := c.findID()
	switch {
	case err != nil:
		return err
	case !found:
		return c.finish(0)
	}
	found, err = c.t.Delete([]byte("t:w:" + id + ":" + c.args[1] + ":" + start))
	if err != nil {
		return err
	}
	if found {
		return c.finish(1)
	}
	return c.finish(0)
}
