"""No exchange account is watched twice: its positions would be counted twice in every total."""

from marginwatch.model.ids import AccountId, VenueId


class UidRegistry:
    """Which configured account holds which account number of a venue."""

    def __init__(self) -> None:
        self._holders: dict[tuple[VenueId, str], AccountId] = {}
        self._rank: dict[AccountId, int] = {}

    def set_order(self, accounts: list[AccountId]) -> None:
        """Take the order of the configuration: of two accounts with one number, the earlier one is right."""
        self._rank = {account_id: rank for rank, account_id in enumerate(accounts)}

    def claim(
        self, venue: VenueId, uid: str, account_id: AccountId
    ) -> tuple[AccountId | None, AccountId | None]:
        """Claim a number for an account.

        Returns
        -------
        refused_for : AccountId or None
            The account that keeps the number, if the claim is refused.
        evicted : AccountId or None
            The later account that loses the number to this one.
        """
        holder = self._holders.get((venue, uid))
        if holder is None or holder == account_id:
            self._holders[(venue, uid)] = account_id
            return None, None
        if self._rank.get(holder, 0) < self._rank.get(account_id, 0):
            return holder, None
        self._holders[(venue, uid)] = account_id
        return None, holder

    def release(self, account_id: AccountId) -> None:
        """Give back the numbers of an account that is no longer watched."""
        for key in [key for key, holder in self._holders.items() if holder == account_id]:
            del self._holders[key]
