#!/usr/bin/env python3
"""A store that speaks S3, of moto, in the memory of this process, with one bucket in it.

    pip install 'moto[server]'
    python3 tests/bucket.py BUCKET

Prints its address, then for each folder named on a line of standard input writes the bucket's objects there and prints how
many they were. Ends with standard input.
"""

import logging
import os
import pathlib
import sys

import boto3
from moto.server import ThreadedMotoServer


def main():
    # Nothing of this is a secret, and nothing is taken from whoever runs it.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-north-1")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    store = boto3.client("s3", endpoint_url=address)
    bucket = sys.argv[1]
    store.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    print(address, flush=True)
    for folder in sys.stdin:
        pages = store.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        for key in keys:
            file = pathlib.Path(folder.rstrip("\n"), key)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(store.get_object(Bucket=bucket, Key=key)["Body"].read())
        print(len(keys), flush=True)
    server.stop()


main()
