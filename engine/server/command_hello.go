package server

// hello switches the RESP version and describes the server.
func hello(c *conn, args [][]byte, r *reply) error {
	version, name := int64(c.protocol), c.name
	if len(args) > 1 {
		var ok bool
		if version, ok = parseInt(args[1]); !ok {
			r.failure("ERR Protocol version is not an integer or out of range")
			return nil
		}
		if version != 2 && version != 3 {
			r.failure("NOPROTO unsupported protocol version")
			return nil
		}
		if name, ok = helloOptions(args[2:], name, r); !ok {
			return nil
		}
	}
	if err := c.loop.server.kernel.setProtocol(c.cookie, int(version)); err != nil {
		return err
	}
	c.protocol, c.name, r.version = int(version), name, int(version)
	r.pairs(7)
	for _, field := range [][2]string{{"server", "redis"}, {"version", redisVersion}} {
		r.bulk(field[0])
		r.bulk(field[1])
	}
	r.bulk("proto")
	r.number(version)
	r.bulk("id")
	r.number(int64(c.id))
	for _, field := range [][2]string{{"mode", "standalone"}, {"role", "master"}} {
		r.bulk(field[0])
		r.bulk(field[1])
	}
	r.bulk("modules")
	r.array(0)
	return nil
}

// helloOptions reads AUTH and SETNAME; when one is wrong it has answered and ok is false.
func helloOptions(options [][]byte, name string, r *reply) (newName string, ok bool) {
	for len(options) > 0 {
		switch word := option(options[0]); {
		case word == "auth" && len(options) > 2:
			if string(options[1]) != "default" {
				r.failure("WRONGPASS invalid username-password pair or user is disabled.")
				return "", false
			}
			options = options[3:]
		case word == "setname" && len(options) > 1:
			if !validName(options[1]) {
				r.invalidName()
				return "", false
			}
			name, options = string(options[1]), options[2:]
		default:
			r.failure("ERR Syntax error in HELLO option '" + cString(options[0]) + "'")
			return "", false
		}
	}
	return name, true
}

func validName(name []byte) bool {
	for _, b := range name {
		if b < '!' || b > '~' {
			return false
		}
	}
	return true
}

func (r *reply) invalidName() {
	r.failure("ERR Client names cannot contain spaces, newlines or special characters.")
}
