-- The rows of checked.py (checked: a query) with what a payment must not be, whichever way it comes: in a file that
-- lands, or by `tollbook topup`. `problem` (reason, detail) is the first thing that is wrong; null where nothing is. It
-- speaks of rows whose cells are good and whose account is known.
with booked as (
    select
        *,
        case when method in ('refund', 'write_off') then method else 'payment' end as booked_as,
        -- its letters
        array_to_string(regexp_extract_all(lower(method), '[a-z]+'), '') as spelt,
    from ({checked})
),

signed as (
    select
        *,
        -- what a method that is written another way stands for: it would be booked as a payment. Before rules 4 only
        -- other letters and marks were seen.
        case
            when spelt = 'refund' then 'refund'
            when spelt = 'writeoff' then 'write_off'
            when (select coalesce(rules, 1) from run.clock) < 4 then null
            when contains(spelt, 'refund') or damerau_levenshtein(spelt, 'refund') = 1 then 'refund'
            when contains(spelt, 'writeoff') or damerau_levenshtein(spelt, 'writeoff') <= 2 then 'write_off'
        end as meant,
        -- a text that statements show, and that commands what shows it, or has no end. Before rules 6 nobody looked.
        case
            when (select coalesce(rules, 1) from run.clock) < 6 then null
            when regexp_matches(payment_id, {commands}) or length(payment_id) > {longest} then 'payment_id'
            when regexp_matches(method, {commands}) or length(method) > {longest} then 'method'
            when regexp_matches(entered_by, {commands}) or length(entered_by) > {longest} then 'entered_by'
        end as unkept,
        -- in the account's favour: a customer pays, or is let off, and gets back; a carrier the other way round
        (account_kind = 'customer') = (booked_as <> 'refund') as is_above,
    from booked
)

select
    *,
    case
        when unkept is not null
            then struct_pack(
                reason := 'bad_text',
                detail := unkept || ' has a control character, a mark that turns the direction of writing, or more'
                || ' than {longest} characters; write it without'
            )
        when method <> meant
            then struct_pack(reason := 'bad_method', detail := 'method is "' || method || '"; write ' || meant)
        when t_amount = 0
            then struct_pack(reason := 'bad_amount', detail := 'amount is 0; write what was paid')
        when account_kind <> 'both' and (t_amount > 0) <> is_above
            then struct_pack(
                reason := 'wrong_sign',
                detail := 'amount is ' || amount || '; a ' || booked_as || ' of a ' || account_kind || ' is '
                || case when is_above then 'above' else 'below' end
                || ' 0, in the account''s favour'
                || case
                    when booked_as = 'payment'
                        then '; what goes back, as of a returned debit or a chargeback, has the method refund'
                    else ''
                end
                || ': docs/landing.md'
            )
        when t_paid_at > (select now from run.clock)
            then struct_pack(
                reason := 'implausible',
                detail := 'paid_at is "' || paid_at || '", which has not come yet: it is '
                || (select now from run.clock) || ' UTC'
            )
    end as problem,
from signed
