import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pybit._http_manager import generate_signature

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.venues.bybit.auth import Credentials, HmacSigner, RsaSigner

QUERY = "category=linear&settleCoin=USDT&limit=200&cursor=BTCUSDT%3A1%2C0"
STAMP = 1_700_000_000_123


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    encryption: serialization.KeySerializationEncryption | None = None,
) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        encryption or serialization.NoEncryption(),
    ).decode()


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_hmac_known_answer() -> None:
    # RFC 4231, test case 2.
    assert (
        HmacSigner(Secret("Jefe")).sign("what do ya want for nothing?")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_rest_headers_sign_what_pybit_signs() -> None:
    headers = Credentials(Secret("my-key"), Secret("my-secret")).rest_headers(QUERY, STAMP)
    assert headers["X-BAPI-API-KEY"] == "my-key"
    assert headers["X-BAPI-TIMESTAMP"] == str(STAMP)
    window = headers["X-BAPI-RECV-WINDOW"]
    assert headers["X-BAPI-SIGN"] == generate_signature(False, "my-secret", f"{STAMP}my-key{window}{QUERY}")


def test_a_pem_secret_signs_with_rsa_as_pybit_does(rsa_key: rsa.RSAPrivateKey) -> None:
    headers = Credentials(Secret("my-key"), Secret(pem(rsa_key))).rest_headers(QUERY, STAMP)
    text = f"{STAMP}my-key{headers['X-BAPI-RECV-WINDOW']}{QUERY}"
    rsa_key.public_key().verify(
        base64.b64decode(headers["X-BAPI-SIGN"]), text.encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    assert headers["X-BAPI-SIGN"] == generate_signature(True, pem(rsa_key), text)


def test_stream_auth_signs_the_expiry() -> None:
    key, expires_ms, signature = Credentials(Secret("my-key"), Secret("my-secret")).stream_auth_args(
        1_700_000_010_000_999_999
    )
    assert (key, expires_ms) == ("my-key", 1_700_000_010_000)
    expected = hmac.new(b"my-secret", b"GET/realtime1700000010000", hashlib.sha256).hexdigest()
    assert signature == expected


def test_neither_key_nor_secret_is_shown(rsa_key: rsa.RSAPrivateKey) -> None:
    credentials = Credentials(Secret("my-key"), Secret("my-secret"))
    assert "my-" not in f"{credentials!r} {credentials}"
    assert credentials.redact("origin_string[1my-key5000] my-secret") == "origin_string[1***5000] ***"


@pytest.mark.parametrize("key", ["", "with space", "new\nline", "schlüssel"])
def test_a_key_that_fits_no_header_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="api_key"):
        Credentials(Secret(key), Secret("s"))


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(ConfigError, match="api_secret is empty"):
        Credentials(Secret("k"), Secret(""))


def test_a_pem_that_is_no_usable_rsa_key_is_refused_without_quoting_it(rsa_key: rsa.RSAPrivateKey) -> None:
    locked = pem(rsa_key, serialization.BestAvailableEncryption(b"pass"))
    broken = "-----BEGIN PRIVATE KEY-----\nMIIsecretpart\n-----END PRIVATE KEY-----"
    elliptic = pem(ec.generate_private_key(ec.SECP256R1()))
    for text in (locked, broken, elliptic):
        with pytest.raises(ConfigError) as caught:
            RsaSigner(Secret(text))
        assert text.splitlines()[1][:20] not in str(caught.value)
        assert caught.value.__cause__ is None
