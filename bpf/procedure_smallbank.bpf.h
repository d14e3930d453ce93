/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procedure_smallbank.bpf.h - SmallBank (Alomari et al., ICDE 2008; send_payment from H-Store).
 *
 *   b:s:<account>  savings in cents
 *   b:c:<account>  checking in cents; write_check may overdraw it
 *
 * Money is conserved: all balances together change by the deposits and savings transactions
 * less the checks and their penalties. Accounts are 1 to 20 digits.
 */
#ifndef PROCEDURE_SMALLBANK_BPF_H
#define PROCEDURE_SMALLBANK_BPF_H

#include "procedure_frame.bpf.h"

#define SMALLBANK_PENALTY_CENTS 100 /* the paper's 1 for a check that overdraws */

#define bank_no_account(s) procedure_abort(s, "no such account")
#define bank_out_of_range(s) procedure_abort(s, "balance out of range")
#define bank_negative(s) procedure_abort(s, "negative amount")
#define bank_same_account(s) procedure_abort(s, "accounts must differ")
#define bank_insufficient(s) procedure_abort(s, "insufficient funds")
#define bank_bad_account(s) procedure_refuse(s, "account must be 1 to 20 digits")
#define bank_bad_amount(s) procedure_refuse(s, "amount must be an integer")

static __always_inline int bank_account(struct scratch *s, __u32 i)
{
	return argument_digits(s, i, 1, BUILD_MAX_DIGITS);
}

/* Reads a balance of the account that argument i names into s->number; prefix says which. */
static __always_inline int bank_read(struct scratch *s, const char *prefix, __u32 i)
{
	build_prefix(s, prefix);
	build_argument(s, i);
	return procedure_read_number(s);
}

/* Writes a balance that was not the last one read. */
static __always_inline int bank_write(struct scratch *s, const char *prefix, __u32 i, __s64 cents)
{
	int err;

	build_prefix(s, prefix);
	build_argument(s, i);
	err = procedure_key(s);
	return err ? err : procedure_write_number(s, cents);
}

/* balance <account>: savings and checking together */
__noinline int procedure_balance(struct scratch *s)
{
	__s64 savings, total;
	int found;

	if (!s)
		return -EINVAL;
	if (!bank_account(s, 0))
		return bank_bad_account(s);
	found = bank_read(s, "b:s:", 0);
	savings = s->number;
	if (found > 0)
		found = bank_read(s, "b:c:", 0);
	if (found <= 0)
		return found ? found : bank_no_account(s);
	if (__builtin_add_overflow(savings, s->number, &total))
		return bank_out_of_range(s);
	return procedure_integer(s, total);
}

/* deposit_checking <account> <cents>: 0 */
__noinline int procedure_deposit_checking(struct scratch *s)
{
	__s64 amount, sum;
	int err;

	if (!s)
		return -EINVAL;
	if (!bank_account(s, 0))
		return bank_bad_account(s);
	if (argument_integer(s, 1))
		return bank_bad_amount(s);
	amount = s->number;
	if (amount < 0)
		return bank_negative(s);
	err = bank_read(s, "b:c:", 0);
	if (err <= 0)
		return err ? err : bank_no_account(s);
	if (__builtin_add_overflow(s->number, amount, &sum))
		return bank_out_of_range(s);
	err = procedure_write_number(s, sum);
	return err ? err : procedure_integer(s, 0);
}

/* transact_savings <account> <cents>: 0; a negative amount is a withdrawal */
__noinline int procedure_transact_savings(struct scratch *s)
{
	__s64 amount, sum;
	int err;

	if (!s)
		return -EINVAL;
	if (!bank_account(s, 0))
		return bank_bad_account(s);
	if (argument_integer(s, 1))
		return bank_bad_amount(s);
	amount = s->number;
	err = bank_read(s, "b:s:", 0);
	if (err <= 0)
		return err ? err : bank_no_account(s);
	if (__builtin_add_overflow(s->number, amount, &sum))
		return bank_out_of_range(s);
	if (sum < 0)
		return bank_insufficient(s);
	err = procedure_write_number(s, sum);
	return err ? err : procedure_integer(s, 0);
}

/* write_check <account> <cents>: the penalty charged, in cents */
__noinline int procedure_write_check(struct scratch *s)
{
	__s64 amount, savings, total, rest, penalty = 0;
	int err;

	if (!s)
		return -EINVAL;
	if (!bank_account(s, 0))
		return bank_bad_account(s);
	if (argument_integer(s, 1))
		return bank_bad_amount(s);
	amount = s->number;
	if (amount < 0)
		return bank_negative(s);
	err = bank_read(s, "b:s:", 0);
	savings = s->number;
	if (err > 0)
		err = bank_read(s, "b:c:", 0);
	if (err <= 0)
		return err ? err : bank_no_account(s);
	if (__builtin_add_overflow(savings, s->number, &total))
		return bank_out_of_range(s);
	if (total < amount)
		penalty = SMALLBANK_PENALTY_CENTS;
	if (__builtin_sub_overflow(s->number, amount, &rest) ||
	    __builtin_sub_overflow(rest, penalty, &rest))
		return bank_out_of_range(s);
	err = procedure_write_number(s, rest);
	return err ? err : procedure_integer(s, penalty);
}

/* amalgamate <from> <to>: 0; all money of `from` goes to the checking account of `to` */
__noinline int procedure_amalgamate(struct scratch *s)
{
	__s64 savings, checking, sum;
	int err;

	if (!s)
		return -EINVAL;
	if (!bank_account(s, 0) || !bank_account(s, 1))
		return bank_bad_account(s);
	if (arguments_equal(s, 0, 1))
		return bank_same_account(s);
	err = bank_read(s, "b:s:", 0);
	savings = s->number;
	if (err > 0)
		err = bank_read(s, "b:c:", 0);
	checking = s->number;
	if (err > 0)
		err = bank_read(s, "b:c:", 1);
	if (err <= 0)
		return err ? err : bank_no_account(s);
	if (__builtin_add_overflow(savings, checking, &sum) ||
	    __builtin_add_overflow(sum, s->number, &sum))
		return bank_out_of_range(s);
	err = procedure_write_number(s, sum);
	if (!err)
		err = bank_write(s, "b:s:", 0, 0);
	if (!err)
		err = bank_write(s, "b:c:", 0, 0);
	return err ? err : procedure_integer(s, 0);
}

/* send_payment <from> <to> <cents>: 0; from one checking account to the other */
__noinline int procedure_send_payment(struct scratch *s)
{
	__s64 amount, from, to;
	int err;

	if (!s)
		return -EINVAL;
	if (!bank_account(s, 0) || !bank_account(s, 1))
		return bank_bad_account(s);
	if (argument_integer(s, 2))
		return bank_bad_amount(s);
	amount = s->number;
	if (arguments_equal(s, 0, 1))
		return bank_same_account(s);
	if (amount < 0)
		return bank_negative(s);
	err = bank_read(s, "b:c:", 0);
	from = s->number;
	if (err > 0)
		err = bank_read(s, "b:c:", 1);
	if (err <= 0)
		return err ? err : bank_no_account(s);
	if (from < amount)
		return bank_insufficient(s);
	if (__builtin_add_overflow(s->number, amount, &to))
		return bank_out_of_range(s);
	err = procedure_write_number(s, to);
	if (!err)
		err = bank_write(s, "b:c:", 0, from - amount);
	return err ? err : procedure_integer(s, 0);
}

#endif
