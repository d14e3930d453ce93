/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procedure_tatp.bpf.h - TATP, the telecom benchmark (Telecom Application Transaction Processing 1.0).
 *
 *   t:s:<id>                    subscriber: sub_nbr, bit_1..10, hex_1..10, byte2_1..10,
 *                               msc_location, vlr_location
 *   t:n:<sub_nbr>               id: the secondary index of subscribers
 *   t:a:<id>:<ai_type>          access: data1, data2, data3, data4
 *   t:f:<id>:<sf_type>          facility: is_active, error_cntrl, data_a, data_b
 *   t:w:<id>:<sf_type>:<start>  forwarding: end_time, numberx
 *
 * A row is its fields in this order with commas between, numbers zero-padded to fixed
 * widths so that one field is changed in place: sub_nbr and numberx 15 digits, bit 1, hex 2
 * (00..15), byte2 3 (000..255), msc_location and vlr_location 10, is_active 1, error_cntrl and
 * data_a 3, data_b 5 letters, end_time 2. Access rows are only handed out. ai_type and
 * sf_type are 1 to 4, start times 0, 8 or 16, end times to 24; ids 1 to 20 digits.
 * As the benchmark has it, not finding a row is no error.
 */
#ifndef PROCEDURE_TATP_BPF_H
#define PROCEDURE_TATP_BPF_H

#include "procedure_frame.bpf.h"

#define TATP_NUMBER 15 /* digits of sub_nbr and numberx */
#define TATP_LOCATION 10 /* digits of vlr_location, ... */
#define TATP_LOCATION_AT 117 /* ... and where it is in a subscriber's row */
#define TATP_BIT1_AT 16
#define TATP_SUBSCRIBER 127 /* bytes of the rows */
#define TATP_FACILITY 15
#define TATP_DATA_A_AT 6
#define TATP_FORWARDING 18
#define TATP_NUMBERX_AT 3
#define TATP_STARTS 3 /* start times: 0, 8, 16 */
#define TATP_LAST_HOUR 24

#define tatp_bad_id(s) procedure_refuse(s, "subscriber id must be 1 to 20 digits")
#define tatp_bad_number(s) procedure_refuse(s, "sub_nbr must be 15 digits")
#define tatp_bad_facility(s) procedure_refuse(s, "sf_type must be 1 to 4")
#define tatp_bad_access(s) procedure_refuse(s, "ai_type must be 1 to 4")
#define tatp_bad_start(s) procedure_refuse(s, "start_time must be 0, 8 or 16")
#define tatp_bad_end(s) procedure_refuse(s, "end_time must be 0 to 24")

static __always_inline int tatp_is_id(struct scratch *s, __u32 i)
{
	return argument_digits(s, i, 1, BUILD_MAX_DIGITS);
}

/* A type is one digit, so that it has one text. */
static __always_inline int tatp_is_type(struct scratch *s, __u32 i)
{
	__u8 digit = argument_text(s, i)[0];

	return procedure_argument(s, i)->len == 1 && digit >= '1' && digit <= '4';
}

static __always_inline int tatp_is_start(__u32 hour)
{
	return hour == 0 || hour == 8 || hour == 16;
}

/* Starts the key of a row that belongs to what arguments i and j name: an id and a type. */
static __always_inline void tatp_key(struct scratch *s, const char *prefix, __u32 i, __u32 j)
{
	build_prefix(s, prefix);
	build_argument(s, i);
	build_byte(s, ':');
	build_argument(s, j);
}

/* Appends the id of the subscriber whose number argument 0 is, to `prefix`: 1, 0 or -errno. */
static __always_inline int tatp_find_id(struct scratch *s, const char *prefix)
{
	int found;

	build_prefix(s, "t:n:");
	build_argument(s, 0);
	found = procedure_read(s);
	if (found <= 0)
		return found;
	if (s->found.value_len > BUILD_MAX_DIGITS)
		return -EBADMSG;
	build_prefix(s, prefix);
	build_piece(s, found_text(s), s->found.value_len);
	return 1;
}

/* Makes the key of a facility that of its forwarding row from a start time on. */
static __always_inline void tatp_forwarding_key(struct scratch *s, __u32 facility_len, __u32 start)
{
	s->built[2] = 'w';
	s->built_len = facility_len;
	build_byte(s, ':');
	build_number(s, start);
}

/* get_subscriber_data <id>: the row, or null */
__noinline int procedure_get_subscriber_data(struct scratch *s, struct conn *c)
{
	if (!s)
		return -EINVAL;
	if (!tatp_is_id(s, 0))
		return tatp_bad_id(s);
	build_prefix(s, "t:s:");
	build_argument(s, 0);
	return procedure_reply_value(s, c);
}

/* get_access_data <id> <ai_type>: the row, or null */
__noinline int procedure_get_access_data(struct scratch *s, struct conn *c)
{
	if (!s)
		return -EINVAL;
	if (!tatp_is_id(s, 0))
		return tatp_bad_id(s);
	if (!tatp_is_type(s, 1))
		return tatp_bad_access(s);
	tatp_key(s, "t:a:", 0, 1);
	return procedure_reply_value(s, c);
}

/* Reads the facility whose key is built: 1, 0 when it is missing or, if asked, not active. */
static __always_inline int tatp_read_facility(struct scratch *s, int active)
{
	int found = procedure_read(s);

	if (found <= 0)
		return found;
	if (s->found.value_len != TATP_FACILITY)
		return -EBADMSG;
	return !active || found_text(s)[0] == '1';
}

/*
 * Appends numberx of the forwarding row from `start` on if it reaches beyond `end`: 1, 0 or
 * a negative errno.
 */
static __always_inline int tatp_destination(struct scratch *s, __u32 facility_len, __u32 start,
					    __u32 end)
{
	__u32 row_end;
	__u8 *row;
	int found;

	tatp_forwarding_key(s, facility_len, start);
	found = procedure_read(s);
	if (found <= 0)
		return found;
	if (s->found.value_len != TATP_FORWARDING)
		return -EBADMSG;
	row = found_text(s);
	row_end = (row[0] - '0') * 10 + row[1] - '0';
	if (end >= row_end)
		return 0;
	build_nothing(s);
	build_piece(s, row + TATP_NUMBERX_AT, TATP_NUMBER);
	reply_length(s, '$', TATP_NUMBER);
	copy_bytes(reply_end(s), s->built, TATP_NUMBER);
	s->out_len += TATP_NUMBER;
	reply_line_end(s);
	return 1;
}

/*
 * get_new_destination <id> <sf_type> <start> <end>: the numbers to which an active facility
 * forwards from start_time <= start to end_time > end
 */
__noinline int procedure_get_new_destination(struct scratch *s)
{
	__u32 start, end, reply_start, facility_len, numbers = 0;
	int err;

	if (!s)
		return -EINVAL;
	if (!tatp_is_id(s, 0))
		return tatp_bad_id(s);
	if (!tatp_is_type(s, 1))
		return tatp_bad_facility(s);
	start = argument_small(s, 2);
	if (start > TATP_LAST_HOUR)
		return procedure_refuse(s, "start_time must be 0 to 24");
	end = argument_small(s, 3);
	if (end > TATP_LAST_HOUR)
		return tatp_bad_end(s);
	reply_start = s->out_len;
	tatp_key(s, "t:f:", 0, 1);
	facility_len = s->built_len;
	err = tatp_read_facility(s, 1);
	if (err < 0)
		return err;
	reply_length(s, '*', 0); /* as long for up to 9 */
	for (__u32 i = 0; err && i < TATP_STARTS && i * 8 <= start; i++) {
		int found;

		tatp_key(s, "t:f:", 0, 1); /* a number found took its place */
		found = tatp_destination(s, facility_len, i * 8, end);
		if (found < 0)
			return found;
		numbers += found;
	}
	*(__u8 *)(s->out + (reply_start & BPFDB_OUT_MASK) + 1) = '0' + numbers;
	return 0;
}

/* update_location <sub_nbr> <vlr_location>: 1, or 0 when there is no such subscriber */
__noinline int procedure_update_location(struct scratch *s)
{
	int err;

	if (!s)
		return -EINVAL;
	if (!argument_digits(s, 0, TATP_NUMBER, TATP_NUMBER))
		return tatp_bad_number(s);
	if (!argument_digits(s, 1, TATP_LOCATION, TATP_LOCATION))
		return procedure_refuse(s, "vlr_location must be 10 digits");
	err = tatp_find_id(s, "t:s:");
	if (err > 0)
		err = procedure_read(s);
	if (err <= 0)
		return err ? err : procedure_integer(s, 0);
	err = build_found(s, TATP_SUBSCRIBER);
	if (err)
		return err;
	s->built_len = TATP_LOCATION_AT;
	build_argument(s, 1);
	err = procedure_write(s);
	return err ? err : procedure_integer(s, 1);
}

/* Changes the facility whose row was just read, and then the bit of its subscriber. */
static __always_inline int tatp_update(struct scratch *s, __u32 data_a)
{
	__u32 tens = tenth(data_a), hundreds = tenth(tens);
	int err = build_found(s, TATP_FACILITY);

	if (err)
		return err;
	s->built[TATP_DATA_A_AT] = '0' + hundreds;
	s->built[TATP_DATA_A_AT + 1] = '0' + tens - hundreds * 10;
	s->built[TATP_DATA_A_AT + 2] = '0' + data_a - tens * 10;
	err = procedure_write(s);
	if (err)
		return err;
	build_prefix(s, "t:s:");
	build_argument(s, 0);
	err = procedure_read(s);
	if (err <= 0)
		return err ? err : -EAGAIN; /* it was there before */
	err = build_found(s, TATP_SUBSCRIBER);
	s->built[TATP_BIT1_AT] = argument_text(s, 1)[0];
	return err ? err : procedure_write(s);
}

/*
 * update_subscriber_data <id> <bit_1> <sf_type> <data_a>: 1, or 0 and nothing changed when
 * there is no such subscriber or facility
 */
__noinline int procedure_update_subscriber_data(struct scratch *s)
{
	__u32 bit, data_a;
	int err;

	if (!s)
		return -EINVAL;
	if (!tatp_is_id(s, 0))
		return tatp_bad_id(s);
	bit = argument_small(s, 1);
	if (bit > 1 || procedure_argument(s, 1)->len != 1)
		return procedure_refuse(s, "bit_1 must be 0 or 1");
	if (!tatp_is_type(s, 2))
		return tatp_bad_facility(s);
	data_a = argument_small(s, 3);
	if (data_a > 255)
		return procedure_refuse(s, "data_a must be 0 to 255");
	build_prefix(s, "t:s:");
	build_argument(s, 0);
	err = procedure_read(s);
	if (err > 0) {
		tatp_key(s, "t:f:", 0, 2);
		err = procedure_read(s);
	}
	if (err <= 0)
		return err ? err : procedure_integer(s, 0);
	err = tatp_update(s, data_a);
	return err ? err : procedure_integer(s, 1);
}

/*
 * insert_call_forwarding <sub_nbr> <sf_type> <start> <end> <numberx>: 1, or 0 when there is no
 * such subscriber or facility, or such a row already
 */
__noinline int procedure_insert_call_forwarding(struct scratch *s)
{
	__u32 start, end;
	int err;

	if (!s)
		return -EINVAL;
	if (!argument_digits(s, 0, TATP_NUMBER, TATP_NUMBER))
		return tatp_bad_number(s);
	if (!tatp_is_type(s, 1))
		return tatp_bad_facility(s);
	start = argument_small(s, 2);
	if (!tatp_is_start(start))
		return tatp_bad_start(s);
	end = argument_small(s, 3);
	if (end > TATP_LAST_HOUR)
		return tatp_bad_end(s);
	if (!argument_digits(s, 4, TATP_NUMBER, TATP_NUMBER))
		return procedure_refuse(s, "numberx must be 15 digits");
	err = tatp_find_id(s, "t:f:");
	if (err > 0) {
		build_byte(s, ':');
		build_argument(s, 1);
		err = tatp_read_facility(s, 0);
	}
	if (err <= 0)
		return err ? err : procedure_integer(s, 0);
	tatp_forwarding_key(s, s->built_len, start);
	err = procedure_read(s);
	if (err)
		return err < 0 ? err : procedure_integer(s, 0);
	build_nothing(s);
	build_two_digits(s, end);
	build_byte(s, ',');
	build_argument(s, 4);
	err = procedure_write(s);
	return err ? err : procedure_integer(s, 1);
}

/* delete_call_forwarding <sub_nbr> <sf_type> <start>: 1, or 0 when there is no such row */
__noinline int procedure_delete_call_forwarding(struct scratch *s)
{
	__u32 start;
	int err;

	if (!s)
		return -EINVAL;
	if (!argument_digits(s, 0, TATP_NUMBER, TATP_NUMBER))
		return tatp_bad_number(s);
	if (!tatp_is_type(s, 1))
		return tatp_bad_facility(s);
	start = argument_small(s, 2);
	if (!tatp_is_start(start))
		return tatp_bad_start(s);
	err = tatp_find_id(s, "t:w:");
	if (err > 0) {
		build_byte(s, ':');
		build_argument(s, 1);
		build_byte(s, ':');
		build_number(s, start);
		err = procedure_read(s);
	}
	if (err <= 0)
		return err ? err : procedure_integer(s, 0);
	err = procedure_remove(s);
	return err ? err : procedure_integer(s, 1);
}

#endif
