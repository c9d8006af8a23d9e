"""What a PDF says of itself beside the text of its pages."""


def elements(pdf):
    """Every element of the structure of a document, each once."""
    open_, seen = [pdf.trailer["/Root"]["/StructTreeRoot"]], set()
    while open_:
        of = open_.pop()
        of = of.get_object() if hasattr(of, "get_object") else of
        if isinstance(of, list):
            open_ += of
        elif isinstance(of, dict) and id(of) not in seen:
            seen.add(id(of))
            yield of
            open_ += [of["/K"]] if "/K" in of else []
