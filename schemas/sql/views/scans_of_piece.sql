CREATE VIEW {{.Name}}
DEFINER = {{.Definer}} SQL SECURITY DEFINER
AS SELECT *
FROM {{view "scans"}}
WHERE piece = {{pieceNumber "{key:String}"}} AND pieceKey = {key:String}
COMMENT 'The scans of one piece: SELECT * FROM scans_of_piece(key = \'F-900123456-000012\'), with its pieceKey. The columns are those of scans.'
