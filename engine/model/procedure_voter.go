package model

// vote is Voter: bpf/procedure_voter.bpf.h has its data and arguments.
func vote(c *procedureCall) error {
	for _, err := range []error{
		c.digits(0, 1, 20, "vote id"), c.digits(1, 10, 10, "phone"), c.digits(2, 1, 20, "contestant"),
	} {
		if err != nil {
			return err
		}
	}
	limit, err := c.integer(3, "vote limit")
	if err != nil {
		return err
	}
	id, phone, contestant := c.args[0], c.args[1], c.args[2]
	switch _, found, err := c.get("v:c:" + contestant); {
	case err != nil:
		return err
	case !found:
		return aborted("invalid contestant")
	}
	votes, _, err := c.number("v:p:" + phone)
	switch {
	case err != nil:
		return err
	case votes >= limit:
		return aborted("vote limit reached")
	}
	state, found, err := c.get("v:a:" + phone[:3])
	switch {
	case err != nil:
		return err
	case !found:
		state = "XX"
	case len(state) > 8:
		return errMalformed
	}
	total := "v:t:" + contestant + ":" + state
	sum, _, err := c.number(total)
	if err != nil {
		return err
	}
	return c.finish(0, numberAt("v:p:"+phone, votes+1), numberAt(total, sum+1),
		keyValue{"v:v:" + id, phone + "," + state + "," + contestant})
}
