-- Whether row `r` of landed.payments, or one like it, is a refund or a write-off that is worth more in the reporting
-- currency than refund_limit of company.csv, or of which nobody can say that; false where there is no limit.
(
    r.method in ('refund', 'write_off')
    and exists (
        select 1
        from config.company as c
        where
            c.refund_limit is not null
            and coalesce(
                abs(r.amount)
                * case
                    when r.currency = c.reporting_currency then 1::DECIMAL(20, 8)
                    else (
                        select arg_max(f.rate, f.valid_from)
                        from config.fx_rates as f
                        where
                            f.from_currency = r.currency
                            and f.to_currency = c.reporting_currency
                            and f.valid_from <= r.day
                    )
                end > c.refund_limit,
                true
            )
    )
)
